"""Products that are asked for again, and which kernel made what an FFT reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graders.harness.device.simulator import gemm, remembered_products
from graders.harness.device.simulator.cupy_package import functions


@pytest.fixture
def computed(device: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each product that was computed; every product counts as large."""
    del device
    seen: list[int] = []
    genuine = np.matmul

    def counted(*args: Any, **kwargs: Any) -> Any:
        seen.append(1)
        return genuine(*args, **kwargs)

    monkeypatch.setattr(np, "matmul", counted)
    for module in (gemm, functions):
        monkeypatch.setattr(module, "LARGE", 0.0)
    monkeypatch.setattr(remembered_products, "_known", [])
    return seen


def operands() -> tuple[Any, Any]:
    import cupy as cp

    rng = np.random.default_rng(5)
    a = rng.normal(size=(6, 4)).astype(np.float32)
    b = rng.normal(size=(4, 5)).astype(np.float32)
    return cp.asarray(a), cp.asarray(b)


def test_a_repeated_product_is_computed_once(computed: list[int]) -> None:
    from nvmath.linalg.advanced import matmul

    a, b = operands()
    first = matmul(a, b).get()
    again = matmul(a.copy(), b).get()
    assert len(computed) == 1
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(first, a.get() @ b.get(), rtol=1e-5)


def test_a_changed_operand_is_multiplied_again(computed: list[int]) -> None:
    from nvmath.linalg.advanced import matmul

    a, b = operands()
    first = matmul(a, b)
    a[2, 3] += 1.0
    second = matmul(a, b)
    assert len(computed) == 2
    np.testing.assert_allclose(second.get(), a.get() @ b.get(), rtol=1e-5)
    assert not np.array_equal(first.get(), second.get())


def test_a_result_may_be_changed_without_harm(computed: list[int]) -> None:
    from nvmath.linalg.advanced import matmul

    a, b = operands()
    matmul(a, b)[...] = 0.0
    np.testing.assert_allclose(matmul(a, b).get(), a.get() @ b.get(), rtol=1e-5)
    product = a @ b
    product *= 0.0
    np.testing.assert_allclose((a @ b).get(), a.get() @ b.get(), rtol=1e-5)
    assert len(computed) == 2  # one by nvmath, one by CuPy


def test_bias_epilog_and_factor_belong_to_the_product(computed: list[int]) -> None:
    import cupy as cp
    from nvmath.linalg.advanced import MatmulEpilog, matmul

    a, b = operands()
    expected = a.get() @ b.get()
    for value in (1.0, -3.0):
        bias = cp.full(6, value, dtype=cp.float32)
        for epilog in (MatmulEpilog.BIAS, MatmulEpilog.RELU_BIAS):
            seen = matmul(a, b, epilog=epilog, epilog_inputs={"bias": bias}).get()
            clipped = epilog is MatmulEpilog.RELU_BIAS
            wanted = np.maximum(expected + value, 0) if clipped else expected + value
            np.testing.assert_allclose(seen, wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(matmul(a, b, alpha=2.0).get(), 2 * expected, rtol=1e-5)
    assert len(computed) == 3  # one for each bias, one for the factor


def test_only_two_products_are_remembered(computed: list[int]) -> None:
    a, b = operands()
    for factor in (1, 2, 3):
        (factor * a) @ b
    assert len(remembered_products._known) == 2
    a @ b
    assert len(computed) == 4


def test_layouts_that_are_not_dense_are_compared_by_their_elements(
    computed: list[int],
) -> None:
    a, b = operands()
    a[:, ::2] @ b[::2]
    a[:, ::2] @ b[::2]
    assert len(computed) == 1
    a[0, 2] += 1.0
    np.testing.assert_allclose(
        (a[:, ::2] @ b[::2]).get(), a.get()[:, ::2] @ b.get()[::2], rtol=1e-5
    )


# ------------------------------------------------------------------- who made what


def half(data_in: Any, offset: Any, user_info: Any, reserved: Any) -> Any:
    return data_in[offset] / 2


def same(data_in: Any, offset: Any, user_info: Any, reserved: Any) -> Any:
    return data_in[offset]


def transforms(prepare: Any, function: Any = half, between: Any = None) -> Any:
    import cupy as cp
    import nvmath

    prolog = nvmath.fft.compile_prolog(function, "float32", "float32")
    image = prepare(cp.asarray(np.ones((8, 6), np.float32)))
    spectrum = nvmath.fft.rfft(image, prolog={"ltoir": prolog})
    return nvmath.fft.irfft(between(spectrum) if between else spectrum)


def makers(evidence: Any) -> list[str]:
    return [op.made_by for op in evidence.operations if op.phase == "execute"]


def test_an_operand_keeps_its_maker_through_copies(record: Any, device: Any) -> None:
    result, evidence = record(lambda: transforms(lambda image: image.T.copy()))
    assert makers(evidence) == ["host", "simulated_fft_r2c_lto"]
    assert device.maker(result) == "simulated_fft_c2r"
    assert device.maker(result.copy().transpose()) == "simulated_fft_c2r"


def test_a_kernel_makes_what_it_writes(record: Any, device: Any) -> None:
    def between(spectrum: Any) -> Any:
        spectrum *= 2
        return spectrum

    result, evidence = record(lambda: transforms(lambda i: i + 1, between=between))
    add, multiply = makers(evidence)
    assert add.startswith("cupy_add")
    assert multiply.startswith("cupy_multiply")
    result /= 4
    assert device.maker(result).startswith("cupy_true_divide")
    assert device.maker(np.ones(3)) == ""


def test_a_prolog_that_changes_nothing_is_noted(record: Any) -> None:
    _, idle = record(lambda: transforms(lambda image: image, same))
    _, busy = record(lambda: transforms(lambda image: image, half))
    assert idle.notes["idle_prologs_R2C"] == 1
    assert "idle_prologs_R2C" not in busy.notes


@pytest.mark.parametrize(
    ("factor", "count"), [(1.0, 1), (0.25, 1), (np.array([1, 2, 3, 4]), 0)]
)
def test_an_epilog_that_only_scales_is_noted(
    record: Any, factor: Any, count: int
) -> None:
    import cupy as cp
    import nvmath

    factors = cp.asarray(np.broadcast_to(factor, (2, 4)).astype(np.float32))

    def scale(data_out: Any, offset: Any, element: Any, info: Any, _: Any) -> None:
        data_out[offset] = element * info[offset]

    epilog = nvmath.fft.compile_epilog(scale, "complex64", "float32")
    x = cp.asarray(np.arange(8, dtype=np.complex64).reshape(2, 4))
    data = {"ltoir": epilog, "data": factors.data.ptr}
    _, seen = record(lambda: nvmath.fft.fft(x, axes=[-1], epilog=data))
    assert seen.notes.get("scaling_epilogs_forward", 0) == count


def test_printing_changes_nothing(record: Any) -> None:
    import cupy as cp
    import nvmath
    from numba import cuda

    @cuda.jit
    def double(x: Any) -> None:
        i = cuda.grid(1)
        print("element", i, x[i])  # noqa: T201
        x[i] *= 2

    def loud(data_in: Any, offset: Any, user_info: Any, reserved: Any) -> Any:
        print(offset, data_in[offset])  # noqa: T201
        return data_in[offset]

    x = cp.asarray(np.arange(8, dtype=np.float32))
    double[1, 8](x)
    prolog = nvmath.fft.compile_prolog(loud, "float32", "float32")
    _, seen = record(lambda: nvmath.fft.rfft(x, prolog={"ltoir": prolog}))
    assert x.get().tolist() == [0, 2, 4, 6, 8, 10, 12, 14]
    assert not seen.faults


@pytest.mark.parametrize(
    ("operation", "kind"),
    [("y = x", "copy"), ("y = -x", "elementwise"), ("y = max(x, T(0))", "elementwise")],
)
def test_a_kernel_in_c_that_only_copies_is_a_copy(
    record: Any, operation: str, kind: str
) -> None:
    import cupy as cp

    run = cp.ElementwiseKernel("T x", "T y", operation, "mine")
    x = cp.asarray(np.arange(8, dtype=np.float32))
    _, seen = record(lambda: run(x))
    assert [kernel.kind for kernel in seen.kernels] == [kind]


def test_a_kernel_of_numba_that_only_copies_is_a_copy(record: Any) -> None:
    import cupy as cp
    from numba import cuda

    def planar(image: Any, out: Any) -> None:
        y, x, c = cuda.grid(3)
        if y < out.shape[1] and x < out.shape[2] and c < out.shape[0]:
            out[c, y, x] = image[y, x, c]

    def halved(image: Any, out: Any) -> None:
        y, x, c = cuda.grid(3)
        out[c, y, x] = image[y, x, c] / 2

    def rectified(image: Any, out: Any) -> None:
        y, x, c = cuda.grid(3)
        out[c, y, x] = max(image[y, x, c], 0.0)

    def doubled_by_its_bits(image: Any, out: Any) -> None:
        y, x, c = cuda.grid(3)
        out[c, y, x] = image[y, x, c] + 0x00800000

    def rectified_by_its_sign(image: Any, out: Any) -> None:
        y, x, c = cuda.grid(3)
        if image[y, x, c] > 0:
            out[c, y, x] = image[y, x, c]

    def looked_up(image: Any, out: Any) -> None:
        y, x, c = cuda.grid(3)
        out[c, y, x] = out[0, 0, image[y, x, c] % 4]

    def numbered(image: Any, out: Any) -> None:
        y, x, c = cuda.grid(3)
        out[c, y, x] = x

    image = cp.asarray(np.arange(24, dtype=np.float32).reshape(2, 4, 3))
    kinds = {}
    for kernel in (planar, halved, rectified, numbered):
        kinds[kernel.__name__] = _kind(record, kernel, image, cp.float32)
    for kernel in (planar, doubled_by_its_bits, rectified_by_its_sign, looked_up):
        bits = image.view(cp.int32)
        kinds[f"{kernel.__name__} of bits"] = _kind(record, kernel, bits, cp.int32)
    whole = image.astype(cp.complex64)
    kinds["planar, complex"] = _kind(record, planar, whole, cp.complex64)
    copies = ("planar", "planar of bits", "planar, complex")
    assert kinds == {
        name: "copy" if name in copies else "elementwise" for name in kinds
    }


def _kind(record: Any, kernel: Any, image: Any, dtype: Any) -> str:
    import cupy as cp
    from numba import cuda

    out = cp.zeros((3, 2, 4), dtype=dtype)
    run = cuda.jit(kernel)
    _, seen = record(lambda: run[(1, 1, 1), (2, 4, 3)](image, out))
    (kind,) = [ran.kind for ran in seen.kernels]
    return str(kind)
