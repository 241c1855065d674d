"""What the simulated CuPy writes into the ledger: kernels, copies, operands."""

import numpy as np
import pytest

from graders.harness.device.simulator.cupy_package import memory
from graders.harness.device.simulator.machine import MACHINE


def record(action):
    MACHINE.begin()
    result = action()
    return MACHINE.end(), result


def kinds(evidence):
    return [k.kind for k in evidence.kernels]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("x * 2", ["elementwise"]),
        ("cp.exp(x) + x", ["elementwise"] * 2),
        ("x.__iadd__(1)", ["elementwise"]),
        ("cp.minimum(x, 1)", ["elementwise"]),
        ("x.sum()", ["reduction"]),
        ("cp.linalg.norm(x)", ["reduction"]),
        ("x @ x", ["gemm"]),
        ('cp.einsum("ij,jk->ik", x, x)', ["gemm"]),
        ("cp.tensordot(x, x, 1)", ["gemm"]),
        ("cp.zeros((3, 3))", ["fill"]),
        ("cp.full_like(x, 2)", ["fill"]),
        ("x.fill(1)", ["fill"]),
        ("cp.empty((3, 3))", []),
        ("cp.ascontiguousarray(x.T)", ["copy"]),
        ("x.T.copy()", ["copy"]),
        ('x.astype("float64")', ["copy"]),
        ("cp.stack([x, x])", ["copy"]),
        ("cp.concatenate([x, x])", ["copy"]),
        ("x.T.reshape(-1)", ["copy"]),
        ("x.__getitem__([0, 1])", ["copy"]),
        ("x.__setitem__(0, 1.0)", ["fill"]),
        ("x.__setitem__(0, x[:, 1])", ["copy"]),
        ("cp.random.rand(3)", ["random"]),
        ("cp.fft.fft(x)", ["copy", "fft"]),
        ("cp.fft.rfft(x)", ["fft"]),
        ("cp.fft.irfft(cp.fft.rfft(x))", ["fft", "copy", "fft", "elementwise"]),
        ("cp.fft.rfft2(x)", ["fft", "fft"]),
    ],
)
def test_each_operation_runs_the_kernels_that_it_needs(cp, action, expected):
    x = cp.ones((8, 8), dtype="float32")
    evidence, _ = record(lambda: eval(action, {"cp": cp, "x": x}))
    assert kinds(evidence) == expected


@pytest.mark.parametrize(
    "look",
    [
        "x.T",
        "x[1:, ::2]",
        "x[0, 0]",
        "x.reshape(4, 16)",
        "x.ravel()",
        "cp.moveaxis(x, 0, 1)",
        "cp.transpose(x)",
        "cp.swapaxes(x, 0, 1)",
        "cp.expand_dims(x, 0)",
        "cp.squeeze(x[None])",
        "cp.broadcast_to(x, (2, 8, 8))",
        "cp.flip(x)",
        "cp.split(x, 2)",
        "cp.diagonal(x)",
        'x.view("int32")',
        "cp.asarray(x)",
        "cp.ascontiguousarray(x)",
        "list(x)",
        "x.shape",
    ],
)
def test_looking_at_memory_another_way_costs_nothing(cp, look):
    x = cp.ones((8, 8), dtype="float32")
    evidence, _ = record(lambda: eval(look, {"cp": cp, "x": x}))
    assert evidence.kernels == evidence.copies == ()
    assert evidence.allocations == 0


def test_kernels_have_cupys_names_and_their_elements(cp):
    x = cp.ones((2, 3), dtype="float32")
    evidence, _ = record(lambda: [x * x, x * 2.0, x.sum(), x.T.copy()])
    names = [k.name for k in evidence.kernels]
    assert names == [
        "cupy_multiply__float32_float32_float32",
        "cupy_multiply__float32_float_float32",
        "cupy_sum__float32_float32",
        "cupy_copy__float32_float32",
    ]
    assert [k.elements for k in evidence.kernels] == [6, 6, 6, 6]


def test_empty_arrays_launch_nothing(cp):
    x = cp.zeros((0, 3))
    evidence, _ = record(lambda: [x + 1, x.copy(), x.get(), x.T @ x])
    assert evidence.copies == ()
    assert kinds(evidence) in ([], ["gemm"])


@pytest.mark.parametrize(
    ("action", "direction", "nbytes"),
    [
        ("cp.asarray(h)", "host_to_device", 48),
        ("cp.array(h)", "host_to_device", 48),
        ("x.set(h)", "host_to_device", 48),
        ("cp.asnumpy(x)", "device_to_host", 48),
        ("x.get()", "device_to_host", 48),
        ("float(x.ravel()[0])", "device_to_host", 4),
        ("bool(x[0, 0])", "device_to_host", 4),
        ("x.item(1)", "device_to_host", 4),
        ("str(x)", "device_to_host", 48),
        ("x.tolist()", "device_to_host", 48),
        ("x[...] = x + 1", "device_to_device", 48),
        ("cp.testing.assert_allclose(x, h)", "device_to_host", 48),
    ],
)
def test_each_copy_is_counted_with_its_direction_and_bytes(
    cp, action, direction, nbytes
):
    host = np.ones((3, 4), dtype="float32")
    x = cp.asarray(host)
    evidence, _ = record(lambda: exec(action, {"cp": cp, "x": x, "h": host}))
    assert [(c.direction, c.nbytes) for c in evidence.copies] == [(direction, nbytes)]
    assert not evidence.copies[0].pinned


@pytest.mark.parametrize("action", ["cp.array(x)", "x.copy()", "x.astype(x.dtype)"])
def test_a_new_array_is_copied_by_a_kernel(cp, action):
    x = cp.ones((3, 4), dtype="float32")
    evidence, _ = record(lambda: eval(action, {"cp": cp, "x": x}))
    assert evidence.copies == ()
    assert kinds(evidence) == ["copy"]


def test_a_strided_array_is_gathered_on_the_device_before_it_goes_down(cp):
    x = cp.ones((4, 6), dtype="float32")
    evidence, _ = record(lambda: x[:, ::2].get())
    assert kinds(evidence) == ["copy"]
    assert [c.nbytes for c in evidence.copies] == [48]


def test_a_mask_costs_a_small_copy_down(cp):
    x = cp.arange(10.0)
    mask = x > 4
    evidence, _ = record(lambda: x[mask])
    assert [(c.direction, c.nbytes) for c in evidence.copies] == [("device_to_host", 4)]


def test_pinned_memory_is_noticed(cp):
    import cupyx

    host = cupyx.zeros_pinned((16,), dtype="float32")
    raw = np.frombuffer(cp.cuda.alloc_pinned_memory(64), dtype="float32", count=16)
    like = cupyx.empty_like_pinned(np.ones((4, 4), dtype="float32").T)
    assert like.flags.f_contiguous
    evidence, x = record(lambda: [cp.asarray(h) for h in (host, host[4:], raw, like)])
    assert [c.pinned for c in evidence.copies] == [True] * 4
    evidence, _ = record(lambda: x[0].get(out=host))
    assert evidence.copies[0].pinned


def test_memory_is_pageable_again_once_the_pinned_block_is_gone(cp):
    block = cp.cuda.alloc_pinned_memory(64)
    address = block.ptr
    assert memory.is_pinned(np.frombuffer(block, dtype="uint8"))
    del block
    assert address not in memory._pinned_ends
    evidence, _ = record(lambda: cp.asarray(np.ones(16)))
    assert not evidence.copies[0].pinned


def test_what_derives_from_an_operand_is_marked(cp):
    x = cp.ones(8)
    other = cp.ones(8)

    def program():
        x.block.operand = True
        y = x[2:] * 2
        z = other * 2
        return y.sum(), z.sum(), y.get()

    evidence, _ = record(program)
    assert [k.reads_operand for k in evidence.kernels] == [True, False, True, False]
    assert evidence.copies[0].reads_operand


def test_host_operands_mark_the_copies_of_them_and_of_their_parts(cp):
    from graders.harness.device.simulator.cupy_package.memory import host_range

    host = np.ones((4, 6))

    def program():
        MACHINE.host_operands = [host_range(host)]
        return [cp.asarray(h) for h in (host, host[2:, ::-1], np.ones(3))]

    try:
        evidence, _ = record(program)
    finally:
        MACHINE.host_operands = []
    assert [c.reads_operand for c in evidence.copies] == [True, True, False]


def test_allocations_and_their_peak_are_counted(cp):
    x = cp.ones(1000)
    evidence, _ = record(lambda: (x + 1).sum())
    assert evidence.allocations == 2
    assert evidence.peak_bytes == 8008


def test_larger_products_take_longer(cp):
    small, large = cp.ones((64, 64)), cp.ones((512, 512))
    evidence, _ = record(lambda: [small @ small, large @ large])
    first, second = (k.seconds for k in evidence.kernels)
    assert second == pytest.approx(2 * 512**3 / 4.0e13)
    assert first < second


def test_a_fused_function_is_one_kernel(cp):
    @cp.fuse(kernel_name="wave")
    def wave(x, scale):
        return cp.exp(scale * x) + 1

    x = cp.arange(6, dtype=cp.float32)
    evidence, result = record(lambda: wave(x, 2.0))
    assert kinds(evidence) == ["elementwise"]
    assert "wave" in evidence.kernels[0].name
    np.testing.assert_allclose(result.get(), np.exp(2 * np.arange(6)) + 1, rtol=1e-6)
    assert cp.fuse(lambda a: a + 1)(1) == 2


def test_a_fused_function_of_an_operand_is_marked(cp):
    x = cp.ones(4)

    def program():
        x.block.operand = True
        y = cp.fuse(lambda a: a * 2 + 1)(x)
        return y + 1

    evidence, _ = record(program)
    assert [k.reads_operand for k in evidence.kernels] == [True, True]
