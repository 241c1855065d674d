"""nvmath's FFTs over the simulated machine: values, layouts, phases and errors."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.fft

from graders.harness.device.evidence import Evidence

Record = Callable[..., tuple[Any, Evidence]]


def drawn(*shape: int, dtype: Any = np.float32, seed: int = 3) -> Any:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.standard_normal(shape)
    return x.astype(dtype)


def error(actual: Any, expected: Any) -> float:
    return float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))


CASES = [
    ((64, 48), None),
    ((3, 64, 48), (1, 2)),
    ((3, 97, 131), (1, 2)),
    ((33, 20, 3), (0, 1)),
    ((2, 3, 4, 5), (2, 3)),
    ((4, 6, 5), (0, 1, 2)),
    ((5, 8), (1,)),
]


@pytest.mark.parametrize(("shape", "axes"), CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_real_transforms_go_forth_and_back_unnormalised(
    device: Any, shape: tuple[int, ...], axes: tuple[int, ...] | None, dtype: Any
) -> None:
    import nvmath

    x = drawn(*shape, dtype=dtype)
    bound = 1e-6 if dtype == np.float32 else 1e-14
    spectrum = nvmath.fft.rfft(device.to_device(x), axes=axes)
    half = device.from_device(spectrum)
    assert half.dtype == np.result_type(dtype, np.complex64)
    assert error(half, scipy.fft.rfftn(x.astype(np.float64), axes=axes)) < bound
    used = axes or tuple(range(x.ndim))
    parity = "odd" if shape[used[-1]] % 2 else "even"
    back = nvmath.fft.irfft(spectrum, axes=axes, options={"last_axis_parity": parity})
    count = np.prod([shape[a] for a in used])
    assert error(device.from_device(back) / count, x) < bound


@pytest.mark.parametrize(("shape", "axes"), CASES)
def test_complex_transforms_both_ways(
    device: Any, shape: tuple[int, ...], axes: tuple[int, ...] | None
) -> None:
    import nvmath

    z = drawn(*shape, dtype=np.complex128)
    forward = nvmath.fft.fft(device.to_device(z), axes=axes)
    assert error(device.from_device(forward), scipy.fft.fftn(z, axes=axes)) < 1e-14
    inverse = nvmath.fft.ifft(device.to_device(z), axes=axes)
    expected = scipy.fft.ifftn(z, axes=axes, norm="forward")
    assert error(device.from_device(inverse), expected) < 1e-14


def test_column_major_operand(device: Any) -> None:
    import nvmath

    z = np.asfortranarray(drawn(6, 5, 4, dtype=np.complex64))
    result = nvmath.fft.fft(device.to_device(z), axes=(0, 1))
    assert error(device.from_device(result), scipy.fft.fftn(z, axes=(0, 1))) < 1e-6


def test_in_place_transform_overwrites_its_operand(device: Any) -> None:
    import nvmath

    z = drawn(8, 6, dtype=np.complex64)
    operand = device.to_device(z)
    result = nvmath.fft.fft(operand, options={"inplace": True})
    assert result is operand
    assert error(device.from_device(operand), scipy.fft.fftn(z)) < 1e-6


def test_results_have_the_strides_that_nvmath_gives(device: Any) -> None:
    import nvmath

    planar = device.to_device(drawn(3, 16, 10))
    assert nvmath.fft.rfft(planar, axes=(1, 2)).strides == (16 * 6 * 8, 6 * 8, 8)
    interleaved = device.to_device(drawn(16, 10, 3))
    result = nvmath.fft.rfft(interleaved, axes=(0, 1))
    assert result.shape == (16, 6, 3)
    assert result.strides == (6 * 8, 8, 16 * 6 * 8)
    natural = {"result_layout": "natural"}
    result = nvmath.fft.rfft(interleaved, axes=(0, 1), options=natural)
    assert result.strides == (6 * 3 * 8, 3 * 8, 8)


def test_a_view_with_gaps_is_read_by_its_embedding(device: Any) -> None:
    import nvmath

    z = drawn(8, 12, dtype=np.complex64)
    view = device.to_device(z)[:6, 2:10:2]
    result = device.from_device(nvmath.fft.fft(view))
    assert error(result, scipy.fft.fftn(z[:6, 2:10:2])) < 1e-6


def test_last_axis_must_have_the_smallest_stride(device: Any) -> None:
    import nvmath

    with pytest.raises(nvmath.fft.UnsupportedLayoutError, match="transposed view"):
        nvmath.fft.rfft(device.to_device(drawn(8, 6)), axes=(1, 0))


def test_wrong_kinds_are_refused_in_nvmaths_words(device: Any) -> None:
    import nvmath

    with pytest.raises(ValueError, match="expects complex operand, found float32"):
        nvmath.fft.fft(device.to_device(drawn(4, 4)))
    with pytest.raises(RuntimeError, match="rfft expects a real input"):
        nvmath.fft.rfft(device.to_device(drawn(4, 4, dtype=np.complex64)))


def test_real_operand_must_be_aligned_as_complex(device: Any) -> None:
    import nvmath

    stack = device.to_device(drawn(3, 5, 7))
    with pytest.raises(nvmath.bindings.cufft.cuFFTError, match="CUFFT_INVALID_VALUE"):
        nvmath.fft.rfft(stack[1])


def test_stateful_transform_takes_new_operands(device: Any, record: Record) -> None:
    import nvmath

    first, second = drawn(8, 6), drawn(8, 6, seed=4)

    def run() -> Any:
        with nvmath.fft.FFT(device.to_device(first)) as transform:
            transform.plan()
            one = transform.execute()
            transform.reset_operand(device.to_device(second))
            return one, transform.execute()

    (one, two), evidence = record(run)
    assert error(device.from_device(one), scipy.fft.rfftn(first)) < 1e-6
    assert error(device.from_device(two), scipy.fft.rfftn(second)) < 1e-6
    phases = [op.phase for op in evidence.operations]
    assert phases == ["plan", "execute", "execute", "free"]
    assert len({op.handle for op in evidence.operations}) == 1
    assert [k.name for k in evidence.kernels] == ["simulated_fft_r2c"] * 2


def test_second_real_inverse_needs_a_reset(device: Any) -> None:
    import nvmath

    z = device.to_device(drawn(8, 4, dtype=np.complex64))
    options = nvmath.fft.FFTOptions(fft_type="C2R")
    with nvmath.fft.FFT(z, options=options) as transform:
        transform.plan()
        transform.execute()
        with pytest.raises(RuntimeError, match="cannot be called multiple times"):
            transform.execute()


def test_operations_say_what_ran(device: Any, record: Record) -> None:
    import nvmath

    x = device.to_device(drawn(3, 16, 10))
    _, evidence = record(lambda: nvmath.fft.irfft(nvmath.fft.rfft(x, axes=(1, 2))), x)
    runs = [op for op in evidence.operations if op.phase == "execute"]
    assert [(op.kind, op.direction) for op in runs] == [
        ("R2C", "forward"),
        ("C2R", "inverse"),
    ]
    assert (runs[0].shape, runs[0].batch) == ((16, 10), 3)
    assert not runs[0].prolog
    assert not runs[0].epilog
    assert all(k.kind == "fft" and k.reads_operand for k in evidence.kernels)
    # nvmath keeps the operand of a C2R transform by copying it.
    assert [c.direction for c in evidence.copies] == ["device_to_device"]
    assert all(c.reads_operand for c in evidence.copies)


def test_runs_on_the_stream_it_is_given(device: Any, record: Record) -> None:
    import cupy
    import nvmath

    stream = cupy.cuda.Stream(non_blocking=True)
    x = device.to_device(drawn(16, 10))
    _, evidence = record(lambda: nvmath.fft.rfft(x, stream=stream))
    assert [k.stream for k in evidence.kernels] == [stream.ptr]


def test_phases_stand_in_the_log(device: Any, caplog: pytest.LogCaptureFixture) -> None:
    import nvmath

    with caplog.at_level(logging.INFO):
        nvmath.fft.rfft(device.to_device(drawn(3, 16, 10)), axes=(1, 2))
    for line in (
        "The FFT type is R2C.",
        "The input tensor's memory space is cuda, and the execution space is cuda, "
        "with device 0.",
        "Starting FFT planning...",
        "Starting FFT R2C calculation in the FORWARD direction...",
        "This call is non-blocking and will return immediately after the operation is "
        "launched on the device.",
        "The FFT object's resources have been released.",
    ):
        assert line in caplog.messages


def test_planning_waits_and_execution_does_not(device: Any) -> None:
    import nvmath

    from graders.harness.device.simulator.machine import MACHINE

    x = device.to_device(drawn(3, 512, 512))
    with nvmath.fft.FFT(x, axes=(1, 2)) as transform:
        MACHINE.submit(1.0)
        before = MACHINE.host_time
        transform.plan()
        assert MACHINE.host_time >= before + 0.9
        transform.execute()
        assert not MACHINE.idle


def test_operand_beyond_its_allocation_is_refused(device: Any) -> None:
    import nvmath

    small = device.to_device(drawn(4, 6))
    with nvmath.fft.FFT(device.to_device(drawn(8, 6))) as transform:
        transform.plan()
        transform.reset_operand_unchecked(small)
        with pytest.raises(RuntimeError, match="beyond its allocation of 96 bytes"):
            transform.execute()


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_operand_in_cpu_memory_runs_on_the_cpu(
    device: Any, record: Record, dtype: Any
) -> None:
    import nvmath

    x = drawn(3, 9, 7, dtype=dtype)
    run = nvmath.fft.fft if np.dtype(dtype).kind == "c" else nvmath.fft.rfft
    result, evidence = record(lambda: run(x, axes=(1, 2)), x)
    expected = scipy.fft.fftn(x, axes=(1, 2))
    assert error(result, expected[..., : result.shape[-1]]) < 1e-6
    assert evidence.kernels == ()
    assert evidence.copies == ()
    assert {step.library for step in evidence.operations} == {"cpu_fft"}
