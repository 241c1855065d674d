"""nvmath's matrix products over the simulated machine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graders.harness.device.evidence import Evidence
from graders.harness.device.simulator.not_modelled import NotModelled

Record = Callable[..., tuple[Any, Evidence]]


def drawn(*shape: int, dtype: Any = np.float32, seed: int = 3) -> Any:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-5, 5, shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.uniform(-5, 5, shape)
    return x.astype(dtype)


def error(actual: Any, expected: Any) -> float:
    return float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))


@pytest.mark.parametrize(
    ("dtype", "bound"),
    [
        (np.float16, 1e-3),
        (np.float32, 1e-6),
        (np.float64, 1e-14),
        (np.complex64, 1e-6),
        (np.complex128, 1e-14),
    ],
)
@pytest.mark.parametrize("orders", ["CC", "CF", "FC", "FF"])
def test_products_in_all_types_and_orders(
    device: Any, dtype: Any, bound: float, orders: str
) -> None:
    from nvmath.linalg.advanced import matmul

    a = np.asarray(drawn(7, 5, dtype=dtype), order=orders[0])
    b = np.asarray(drawn(5, 9, dtype=dtype, seed=4), order=orders[1])
    result = device.from_device(matmul(device.to_device(a), device.to_device(b)))
    wide = np.result_type(dtype, np.float64)
    assert result.dtype == dtype
    assert error(result, a.astype(wide) @ b.astype(wide)) < bound


def test_alpha_beta_and_c(device: Any) -> None:
    from nvmath.linalg.advanced import matmul

    a, b, c = drawn(6, 4), drawn(4, 5, seed=4), drawn(6, 5, seed=5)
    operands = [device.to_device(x) for x in (a, b, c)]
    result = device.from_device(matmul(*operands, alpha=0.5, beta=-2.0))
    assert error(result, 0.5 * a @ b - 2 * c) < 1e-6
    with pytest.raises(ValueError, match="A value for beta must be provided"):
        matmul(*operands)


def test_views_and_transposed_operands(device: Any) -> None:
    from nvmath.linalg.advanced import matmul

    a, b = drawn(12, 10), drawn(9, 8, seed=4)
    left, right = device.to_device(a)[2:8, 1:9], device.to_device(b).T[:, 1:6]
    result = device.from_device(matmul(left, right))
    assert error(result, a[2:8, 1:9] @ b.T[:, 1:6]) < 1e-6


def test_conjugate_qualifier(device: Any) -> None:
    import nvmath

    a, b = drawn(4, 3, dtype=np.complex128), drawn(3, 5, dtype=np.complex128, seed=4)
    kind = nvmath.linalg.advanced.matrix_qualifiers_dtype
    qualifiers = np.zeros(3, dtype=kind)
    qualifiers[0]["is_conjugate"] = True
    operands = [device.to_device(x) for x in (a, b)]
    result = nvmath.linalg.advanced.matmul(*operands, qualifiers=qualifiers)
    assert error(device.from_device(result), a.conj() @ b) < 1e-14


def gelu(x: Any) -> Any:
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


EPILOGS: dict[str, Callable[[Any, Any], Any]] = {
    "DEFAULT": lambda x, _bias: x,
    "RELU": lambda x, _bias: np.maximum(x, 0),
    "BIAS": lambda x, bias: x + bias,
    "RELU_BIAS": lambda x, bias: np.maximum(x + bias, 0),
    "GELU": lambda x, _bias: gelu(x),
    "GELU_BIAS": lambda x, bias: gelu(x + bias),
}


@pytest.mark.parametrize("name", list(EPILOGS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_epilogs(device: Any, record: Record, name: str, dtype: Any) -> None:
    from nvmath.linalg.advanced import MatmulEpilog, matmul

    a, b = drawn(6, 4, dtype=dtype), drawn(4, 5, dtype=dtype, seed=4)
    bias = drawn(6, 1, dtype=dtype, seed=5)
    inputs = {"bias": device.to_device(bias)} if "BIAS" in name else None
    result, evidence = record(
        lambda: matmul(
            device.to_device(a),
            device.to_device(b),
            epilog=None if name == "DEFAULT" else MatmulEpilog[name],
            epilog_inputs=inputs,
        )
    )
    assert error(device.from_device(result), EPILOGS[name](a @ b, bias)) < 1e-6
    # A bias asks for a column-major result; the others keep A's order.
    assert result.flags.f_contiguous == ("BIAS" in name)
    runs = [op for op in evidence.operations if op.phase == "execute"]
    assert [(op.kind, op.epilog, op.shape, op.batch) for op in runs] == [
        (name, name != "DEFAULT", (6, 5, 4), 1)
    ]
    assert [k.kind for k in evidence.kernels] == ["gemm"]


def test_batches_with_a_shared_and_an_own_bias(device: Any, record: Record) -> None:
    from nvmath.linalg.advanced import MatmulEpilog, matmul

    a, b = drawn(3, 6, 4), drawn(3, 4, 5, seed=4)
    for bias in (drawn(6, 1, seed=5), drawn(3, 6, 1, seed=5)):
        result, evidence = record(
            lambda bias=bias: matmul(
                device.to_device(a),
                device.to_device(b),
                epilog=MatmulEpilog.RELU_BIAS,
                epilog_inputs={"bias": device.to_device(bias)},
            )
        )
        assert error(device.from_device(result), np.maximum(a @ b + bias, 0)) < 1e-6
        assert evidence.operations[-1].batch == 3


def test_one_matrix_for_the_whole_batch(device: Any) -> None:
    from nvmath.linalg.advanced import matmul

    a, b = drawn(6, 4), drawn(3, 4, 5, seed=4)
    result = device.from_device(matmul(device.to_device(a), device.to_device(b)))
    assert error(result, a @ b) < 1e-6


def test_reduced_precision_rounds_the_operands(device: Any) -> None:
    from nvmath.linalg.advanced import MatmulComputeType, matmul

    a, b = drawn(32, 64), drawn(64, 16, seed=4)
    operands = [device.to_device(x) for x in (a, b)]
    for name, low, high in (
        ("COMPUTE_32F", 0.0, 1e-6),
        ("COMPUTE_32F_FAST_TF32", 1e-5, 1e-3),
        ("COMPUTE_32F_FAST_16F", 1e-5, 1e-3),
        ("COMPUTE_32F_FAST_16BF", 1e-4, 1e-2),
    ):
        options = {"compute_type": MatmulComputeType[name]}
        result = device.from_device(matmul(*operands, options=options))
        assert low <= error(result, a.astype(float) @ b) < high, name


def test_stateful_product_with_phases(device: Any, record: Record) -> None:
    from nvmath.linalg.advanced import Matmul

    a, b = drawn(6, 4), drawn(4, 5, seed=4)
    operands = [device.to_device(x) for x in (a, b)]

    def run() -> Any:
        with Matmul(*operands) as product:
            algorithms = product.plan(preferences={"limit": 4})
            assert algorithms[0].algorithm_id > 0
            product.autotune(iterations=1)
            one = product.execute()
            product.reset_operands(a=device.to_device(2 * a))
            return one, product.execute()

    (one, two), evidence = record(run)
    assert error(device.from_device(one), a @ b) < 1e-6
    assert error(device.from_device(two), 2 * a @ b) < 1e-6
    phases = [op.phase for op in evidence.operations]
    assert phases == ["plan", "autotune", "execute", "execute", "free"]
    # The autotuner clears the cache by uploading a buffer before each sample.
    uploads = {c.nbytes for c in evidence.copies if c.direction == "host_to_device"}
    assert uploads == {50 * 2**20}


def test_operands_in_cpu_memory_are_copied_each(device: Any, record: Record) -> None:
    from nvmath.linalg.advanced import MatmulEpilog, matmul

    a, b, c = drawn(6, 4), drawn(4, 5, seed=4), drawn(6, 5, seed=6)
    bias = drawn(6, 1, seed=5)
    result, evidence = record(
        lambda: matmul(
            a,
            b,
            c,
            beta=1.0,
            epilog=MatmulEpilog.BIAS,
            epilog_inputs={"bias": bias},
        ),
        a,
        b,
    )
    assert type(result) is np.ndarray
    # C decides the order of the result.
    assert result.flags.c_contiguous
    assert error(result, a @ b + c + bias) < 1e-6
    assert [(x.direction, x.nbytes, x.reads_operand) for x in evidence.copies] == [
        ("host_to_device", a.nbytes, True),
        ("host_to_device", b.nbytes, True),
        ("host_to_device", c.nbytes, False),
        ("host_to_device", bias.nbytes, False),
        ("device_to_host", result.nbytes, True),
    ]


def test_blocking_depends_on_the_memory_space(device: Any) -> None:
    from nvmath.linalg.advanced import matmul

    from graders.harness.device.simulator.machine import MACHINE

    a = drawn(500, 500)
    on_device = device.to_device(a)
    matmul(on_device, on_device)
    assert not MACHINE.idle
    matmul(a, a)
    assert MACHINE.idle


def test_phases_stand_in_the_log(device: Any, caplog: pytest.LogCaptureFixture) -> None:
    from nvmath.linalg.advanced import MatmulEpilog, matmul

    a, b, bias = drawn(6, 4), drawn(4, 5), drawn(6, 1)
    with caplog.at_level(logging.INFO):
        matmul(
            *(device.to_device(x) for x in (a, b)),
            epilog=MatmulEpilog.RELU_BIAS,
            epilog_inputs={"bias": device.to_device(bias)},
        )
    for line in (
        "= SPECIFICATION PHASE =",
        "The input operands' memory space is cuda, and the execution space is on "
        "device 0.",
        "= PLANNING PHASE =",
        "The specified epilog is RELU_BIAS.",
        "= EXECUTION PHASE =",
        "The Matmul object's resources have been released.",
    ):
        assert line in caplog.messages


def test_refusals_in_nvmaths_words(device: Any) -> None:
    from nvmath.linalg.advanced import MatmulEpilog, matmul

    a, b = device.to_device(drawn(6, 4)), device.to_device(drawn(4, 5))
    with pytest.raises(ValueError, match="The 'K' extent must match"):
        matmul(a, a)
    short = {"bias": device.to_device(drawn(5, 1))}
    with pytest.raises(ValueError, match=r"The M dimension of the bias vector \(5\)"):
        matmul(a, b, epilog=MatmulEpilog.BIAS, epilog_inputs=short)
    with pytest.raises(ValueError, match="requires the following input tensors"):
        matmul(a, b, epilog=MatmulEpilog.BIAS)
    with pytest.raises(TypeError, match="same library package"):
        matmul(a, drawn(4, 5))


def test_complex_epilogs_have_no_algorithm(device: Any) -> None:
    from nvmath.linalg.advanced import MatmulEpilog, matmul

    z = device.to_device(drawn(4, 4, dtype=np.complex64))
    with pytest.raises(Exception, match="CUBLAS_STATUS_NOT_SUPPORTED"):
        matmul(z, z, epilog=MatmulEpilog.RELU)


@pytest.mark.parametrize("shape", [(6, 4, 5), (33, 7, 21)])
@pytest.mark.parametrize("batch", [(), (3,)])
def test_epilogs_with_a_second_output(
    device: Any, shape: tuple[int, int, int], batch: tuple[int, ...]
) -> None:
    from nvmath.linalg.advanced import MatmulEpilog, matmul

    m, k, n = shape
    a, b, bias = drawn(*batch, m, k), drawn(*batch, k, n, seed=4), drawn(m, 1, seed=5)
    for name in ("RELU_AUX", "RELU_AUX_BIAS", "GELU_AUX", "GELU_AUX_BIAS"):
        inputs = {"bias": device.to_device(bias)} if "BIAS" in name else None
        result, extra = matmul(
            *(device.to_device(x) for x in (a, b)),
            epilog=MatmulEpilog[name],
            epilog_inputs=inputs,
        )
        before = a @ b + (bias if inputs else 0)
        activate = gelu if "GELU" in name else lambda x: np.maximum(x, 0)
        assert error(device.from_device(result), activate(before)) < 1e-6
        if "GELU" in name:
            seen = device.from_device(extra["gelu_aux"])[..., :m, :]
            assert error(seen, before) < 1e-6
        else:
            mask = device.from_device(extra["relu_aux"])
            kept = np.unpackbits(mask, axis=-2, bitorder="little")[..., :m, :]
            assert np.array_equal(kept, before > 0)


@pytest.mark.parametrize("name", ["BGRADA", "BGRADB"])
def test_epilogs_that_are_not_modelled_are_named(device: Any, name: str) -> None:
    from nvmath.linalg.advanced import MatmulEpilog, matmul

    a, b = device.to_device(drawn(16, 16)), device.to_device(drawn(16, 16))
    with pytest.raises(NotModelled, match=f"The epilog {name} is not modelled"):
        matmul(a, b, epilog=MatmulEpilog[name])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("orders", ["CC", "CF", "FC", "FF"])
@pytest.mark.parametrize("place", ["cpu", "cuda"])
def test_generic_products(
    device: Any, record: Record, dtype: Any, orders: str, place: str
) -> None:
    import nvmath

    a = np.asarray(drawn(7, 5, dtype=dtype), order=orders[0])
    b = np.asarray(drawn(5, 9, dtype=dtype, seed=4), order=orders[1])
    c = drawn(7, 9, dtype=dtype, seed=5)
    operands = [a, b, c]
    if place == "cuda":
        operands = [device.to_device(x) for x in operands]
    result, evidence = record(
        lambda: nvmath.linalg.matmul(*operands, alpha=0.5, beta=2.0)
    )
    seen = device.from_device(result) if place == "cuda" else result
    assert error(seen, 0.5 * a @ b + 2 * c) < 1e-6
    assert len(evidence.kernels) == (place == "cuda")


@pytest.mark.parametrize("place", ["cpu", "cuda"])
def test_generic_batches(device: Any, place: str) -> None:
    import nvmath

    a, b = drawn(3, 7, 5), drawn(3, 5, 9, seed=4)
    operands = [device.to_device(x) for x in (a, b)] if place == "cuda" else [a, b]
    result = nvmath.linalg.matmul(*operands)
    seen = device.from_device(result) if place == "cuda" else result
    assert error(seen, a @ b) < 1e-6
