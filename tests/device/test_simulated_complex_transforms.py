"""Complex transforms with callbacks over the simulated machine, in every memory order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graders.harness.device.evidence import Evidence

Record = Callable[..., tuple[Any, Evidence]]
SHAPES = [(6, 10), (10, 6), (7, 45), (1, 12), (5, 1)]


def drawn(shape: tuple[int, ...], dtype: str, order: Any = "C", seed: int = 3) -> Any:
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    return np.asarray(z.astype(dtype), order=order)


def error(actual: Any, expected: Any) -> float:
    return float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))


def product(dtype: str) -> bytes:
    import nvmath

    def multiply(out: Any, offset: Any, value: Any, info: Any, _: Any) -> None:
        out[offset] = value * info[offset]

    code: bytes = nvmath.fft.compile_epilog(multiply, dtype, dtype)
    return code


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("layout", ["optimized", "natural"])
@pytest.mark.parametrize("inplace", [False, True])
def test_an_epilog_reads_its_data_in_the_order_of_the_result(
    device: Any, dtype: str, order: str, layout: str, inplace: bool
) -> None:
    import nvmath

    bound = 1e-6 if dtype == "complex64" else 1e-14
    options = {"result_layout": layout, "inplace": inplace}
    stays = order == "F" and (inplace or layout == "natural")
    code = product(dtype)
    for shape in SHAPES:
        signal = drawn(shape, dtype, order)
        h = drawn(shape, dtype, "F" if stays else "C", seed=4)
        data = device.to_device(h)
        spectrum = nvmath.fft.fft(
            device.to_device(signal),
            axes=[-1],
            options=options,
            epilog={"ltoir": code, "data": data.data.ptr},
        )
        if 1 not in shape:
            assert spectrum.flags.f_contiguous == stays
        expected = np.fft.fft(signal.astype(complex)) * h
        assert error(device.from_device(spectrum), expected) < bound


def test_prolog_and_epilog_of_one_inverse_transform(device: Any) -> None:
    import nvmath

    def conjugated(data: Any, offset: Any, _info: Any, _: Any) -> Any:
        return data[offset].conjugate()

    def halved(out: Any, offset: Any, value: Any, _info: Any, _: Any) -> None:
        out[offset] = value.conjugate() / 2

    load = nvmath.fft.compile_prolog(conjugated, "complex128", "complex128")
    store = nvmath.fft.compile_epilog(halved, "complex128", "complex128")
    z = drawn((3, 4, 9), "complex128")
    result = nvmath.fft.ifft(
        device.to_device(z), axes=[-1], prolog={"ltoir": load}, epilog={"ltoir": store}
    )
    expected = np.fft.fft(z) / 2
    assert error(device.from_device(result), expected) < 1e-14


def test_one_plan_transforms_both_ways_and_says_so(device: Any, record: Record) -> None:
    import nvmath

    code = product("complex64")
    x, ones = (
        device.to_device(drawn((4, 15), "complex64")),
        device.to_device(np.ones((4, 15), "complex64")),
    )

    def call() -> Any:
        with nvmath.fft.FFT(x, axes=[1]) as plan:
            plan.plan(epilog={"ltoir": code, "data": ones.data.ptr})
            forth = plan.execute(direction="forward")
            plan.reset_operand(forth)
            return plan.execute(direction="inverse")

    result, evidence = record(call, x)
    assert error(device.from_device(result), 15 * device.from_device(x)) < 1e-6
    steps = [(op.phase, op.direction, op.batch) for op in evidence.operations]
    assert ("execute", "forward", 4) in steps
    assert ("execute", "inverse", 4) in steps
    ran = [op for op in evidence.operations if op.library == "fft"]
    assert all(op.epilog and not op.prolog and op.kind == "C2C" for op in ran)
    assert {k.kind for k in evidence.kernels} == {"fft"}


def test_a_callback_of_the_other_precision_does_not_link(device: Any) -> None:
    import nvmath

    x = device.to_device(drawn((4, 15), "complex128"))
    with pytest.raises(Exception, match="NVJITLINK"):
        nvmath.fft.fft(x, axes=[1], epilog={"ltoir": product("complex64")})
