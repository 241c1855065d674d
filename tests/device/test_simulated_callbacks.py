"""FFT callbacks over the simulated machine: values, memory, compile errors."""

from __future__ import annotations

import cmath
import inspect
import math
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.fft

from graders.harness.device.evidence import Evidence
from graders.harness.device.simulator import callbacks, nvmath_bridge

Record = Callable[[Callable[[], Any]], tuple[Any, Evidence]]
SEPIA = np.array(
    [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]],
    dtype=np.float32,
)


def drawn(*shape: int, seed: int = 3) -> Any:
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def error(actual: Any, expected: Any) -> float:
    return float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))


def line_of(function: Callable[..., Any], text: str) -> int:
    lines, start = inspect.getsourcelines(function)
    return next(start + k for k, line in enumerate(lines) if text in line)


def run_prolog(device: Any, x: Any, prolog: Any, info: Any = None, **kinds: Any) -> Any:
    """Return the transform of the rows of ``x`` with a prolog."""
    import nvmath

    name = str(kinds.pop("dtype", x.dtype.name))
    code = nvmath.fft.compile_prolog(prolog, name, kinds.pop("info_dtype", "float32"))
    given = {"ltoir": code, "data": None if info is None else info.data.ptr}
    transform = nvmath.fft.fft if x.dtype.kind == "c" else nvmath.fft.rfft
    return device.from_device(transform(device.to_device(x), axes=[1], prolog=given))


def run_epilog(device: Any, x: Any, epilog: Any, info: Any = None) -> Any:
    """Return the transform of the rows of ``x`` with an epilog."""
    import nvmath

    code = nvmath.fft.compile_epilog(epilog, "complex64", "float32")
    given = {"ltoir": code, "data": None if info is None else info.data.ptr}
    result = nvmath.fft.rfft(device.to_device(x), axes=[1], epilog=given)
    return device.from_device(result)


# ------------------------------------------------------------------------------ values


@pytest.mark.parametrize("layout", ["planar", "interleaved", "transposed view"])
@pytest.mark.parametrize("size", [(20, 14), (15, 21)])
def test_sepia_and_blur_in_all_layouts(
    device: Any, layout: str, size: tuple[int, int]
) -> None:
    import nvmath

    height, width = size
    image = drawn(height, width, 3)
    planar = np.ascontiguousarray(image.transpose(2, 0, 1))
    axes = (0, 1) if layout == "interleaved" else (1, 2)
    if layout == "planar":
        operand = device.to_device(planar)
    else:
        operand = device.to_device(image)
        if layout == "transposed view":
            operand = operand.transpose(2, 0, 1)
    plane, half = height * width, width // 2 + 1
    step, between = (1, 3) if layout != "planar" else (plane, 1)

    def sepia(data_in: Any, offset: Any, _info: Any, _reserved: Any) -> Any:
        if step == 1:
            channel = offset % 3
            first = offset - channel
        else:
            channel = offset // plane
            first = offset % plane
        value = (
            SEPIA[channel, 0] * data_in[first]
            + SEPIA[channel, 1] * data_in[first + step]
            + SEPIA[channel, 2] * data_in[first + 2 * step]
        )
        return min(1.0, value)

    def scale(out: Any, offset: Any, data: Any, filter_: Any, _reserved: Any) -> None:
        out[offset] = data * filter_[offset % (height * half)]

    assert between in (1, 3)
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    filter_ = np.exp(-2 * (np.pi * 1.5) ** 2 * (rows**2 + columns**2)) / plane
    on_device = device.to_device(filter_.astype(np.float32))
    spectrum = nvmath.fft.rfft(
        operand,
        axes=axes,
        prolog={"ltoir": nvmath.fft.compile_prolog(sepia, "float32", "float32")},
        epilog=nvmath.fft.DeviceCallable(
            ltoir=nvmath.fft.compile_epilog(scale, "complex64", "float32"),
            data=on_device.data.ptr,
        ),
    )
    parity = "odd" if width % 2 else "even"
    result = nvmath.fft.irfft(spectrum, axes=axes, options={"last_axis_parity": parity})
    seen = device.from_device(result)
    if layout == "interleaved":
        seen = np.moveaxis(seen, 2, 0)
    toned = np.minimum(1, np.einsum("ij,jhw->ihw", SEPIA.astype(float), planar))
    expected = scipy.fft.irfft2(scipy.fft.rfft2(toned) * filter_ * plane, s=size)
    assert error(seen, expected) < 5e-7


def test_epilog_on_the_real_side(device: Any) -> None:
    import nvmath

    x = drawn(4, 9)

    def clip(out: Any, offset: Any, data: Any, _info: Any, _reserved: Any) -> None:
        out[offset] = min(0.5, data / 9)

    code = nvmath.fft.compile_epilog(clip, "float32", "float32")
    spectrum = device.to_device(scipy.fft.rfft(x))
    odd = {"last_axis_parity": "odd"}
    result = nvmath.fft.irfft(spectrum, axes=[1], options=odd, epilog={"ltoir": code})
    assert error(device.from_device(result), np.minimum(0.5, x)) < 1e-6


FUNCTIONS: dict[str, tuple[Any, Any]] = {
    "powers": (
        lambda d, o, _u, _r: math.sqrt(d[o]) + d[o] ** 3 + math.pow(d[o], 2.5),
        lambda x: np.sqrt(x) + x**3 + x**2.5,
    ),
    "exponentials": (
        lambda d, o, _u, _r: math.exp(d[o]) + math.log(d[o] + 1) + math.tanh(d[o]),
        lambda x: np.exp(x) + np.log(x + 1) + np.tanh(x),
    ),
    "trigonometry": (
        lambda d, o, _u, _r: math.sin(d[o]) * math.cos(d[o]) + math.atan2(d[o], 2.0),
        lambda x: np.sin(x) * np.cos(x) + np.arctan2(x, 2),
    ),
    "rounding": (
        lambda d, o, _u, _r: math.floor(d[o] * 7) + math.ceil(d[o] * 5) + abs(d[o] - 1),
        lambda x: np.floor(x * 7) + np.ceil(x * 5) + abs(x - 1),
    ),
    "tests": (
        lambda d, o, _u, _r: 0.0 if math.isnan(d[o]) or math.isinf(d[o]) else d[o],
        lambda x: x,
    ),
    "indices": (
        lambda d, o, _u, _r: d[o] * (o % 64) + o // 64,
        lambda x: x * np.arange(64) + np.arange(4)[:, None],
    ),
}


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_functions_mean_what_they_mean_on_the_gpu(device: Any, name: str) -> None:
    prolog, same = FUNCTIONS[name]
    x = drawn(4, 64)
    assert error(run_prolog(device, x, prolog), scipy.fft.rfft(same(x))) < 5e-7


def test_complex_callback(device: Any) -> None:
    z = (drawn(3, 10) + 1j * drawn(3, 10, seed=4)).astype(np.complex128)

    def turn(data_in: Any, offset: Any, _info: Any, _reserved: Any) -> Any:
        value = data_in[offset]
        return value * cmath.exp(1j * value.real) + abs(value)

    expected = scipy.fft.fft(z * np.exp(1j * z.real) + abs(z))
    assert error(run_prolog(device, z, turn), expected) < 1e-14


def test_helpers_may_be_device_functions(device: Any) -> None:
    from numba import cuda

    @cuda.jit(device=True)
    def twice(value: Any) -> Any:
        return 2 * value

    @cuda.jit
    def more(value: Any) -> Any:
        return twice(value) + 1

    x = drawn(4, 16)
    seen = run_prolog(device, x, lambda d, o, _u, _r: more(d[o]))
    assert error(seen, scipy.fft.rfft(2 * x + 1)) < 1e-6


def test_user_info_may_have_a_numba_type(device: Any) -> None:
    from numba import types

    x = drawn(4, 16)
    info = device.to_device(np.arange(64, dtype=np.int32))

    def scale(data_in: Any, offset: Any, info: Any, _reserved: Any) -> Any:
        return data_in[offset] * info[offset]

    seen = run_prolog(device, x, scale, info, info_dtype=types.int32)
    assert error(seen, scipy.fft.rfft(x * np.arange(64).reshape(4, 16))) < 1e-6


def test_neighbours_are_read_from_the_operand_itself(
    device: Any, record: Record
) -> None:
    x = drawn(4, 16)

    def left(data_in: Any, offset: Any, _info: Any, _reserved: Any) -> Any:
        return data_in[offset - offset % 16 + (offset % 16 + 15) % 16]

    seen, evidence = record(lambda: run_prolog(device, x, left))
    assert error(seen, scipy.fft.rfft(np.roll(x, 1, axis=1))) < 1e-6
    assert evidence.faults == ()


def test_operations_and_kernels_show_the_fusion(device: Any, record: Record) -> None:
    x = drawn(4, 16)
    _, evidence = record(lambda: run_prolog(device, x, lambda d, o, _u, _r: d[o]))
    steps = [op for op in evidence.operations if op.library == "fft"]
    assert [(op.phase, op.prolog, op.epilog) for op in steps] == [
        ("plan", True, False),
        ("execute", True, False),
        ("free", True, False),
    ]
    assert [k.name for k in evidence.kernels] == ["simulated_fft_r2c_lto"]


# -------------------------------------------------------------------------- the memory


def test_a_read_beyond_the_operand_is_found_with_its_line(
    device: Any, record: Record
) -> None:
    def gradient(data_in: Any, offset: Any, _info: Any, _reserved: Any) -> Any:
        here = data_in[offset]
        return data_in[offset + 1] - here

    seen, evidence = record(lambda: run_prolog(device, drawn(4, 16), gradient))
    (fault,) = evidence.faults
    assert fault.kind == "out_of_bounds_read"
    assert fault.count == 1
    assert fault.line == line_of(gradient, "offset + 1")
    assert "At offset 63 the prolog gradient reads data_in[64]" in fault.message
    assert "has 64 elements" in fault.message
    assert np.isnan(seen[3]).all()
    assert np.isfinite(seen[:3]).all()


def test_an_offset_before_the_operand_is_beyond_it(device: Any, record: Record) -> None:
    def left(data_in: Any, offset: Any, _info: Any, _reserved: Any) -> Any:
        return data_in[offset - 1]

    _, evidence = record(lambda: run_prolog(device, drawn(4, 16), left))
    (fault,) = evidence.faults
    assert fault.count == 1
    assert "data_in[-1]" in fault.message


def test_a_line_in_a_device_function_is_found(device: Any, record: Record) -> None:
    from numba import cuda

    @cuda.jit(device=True)
    def pick(data_in: Any, index: Any) -> Any:
        return data_in[3 * index]

    _, evidence = record(
        lambda: run_prolog(device, drawn(4, 16), lambda d, o, _u, _r: pick(d, o))
    )
    (fault,) = evidence.faults
    assert fault.line == line_of(pick.py_func, "3 * index")
    assert fault.count == 64 - 22


def test_an_operand_is_no_larger_than_its_view(device: Any, record: Record) -> None:
    import nvmath

    stack = device.to_device(drawn(3, 4, 16))
    code = nvmath.fft.compile_prolog(
        lambda d, o, _u, _r: d[o + 64], "float32", "float32"
    )
    _, evidence = record(
        lambda: nvmath.fft.rfft(stack[1], axes=[1], prolog={"ltoir": code})
    )
    assert [f.count for f in evidence.faults] == [64]


def test_a_read_beyond_user_info_is_found(device: Any, record: Record) -> None:
    info = device.to_device(drawn(10))

    def scale(data_in: Any, offset: Any, info: Any, _reserved: Any) -> Any:
        return data_in[offset] * info[offset % 16]

    _, evidence = record(lambda: run_prolog(device, drawn(4, 16), scale, info))
    (fault,) = evidence.faults
    assert fault.count == 4 * 6
    assert fault.line == line_of(scale, "offset % 16")
    assert "user_info[10], beyond the 40 bytes" in fault.message


def test_user_info_without_a_pointer_is_found(device: Any, record: Record) -> None:
    _, evidence = record(
        lambda: run_prolog(device, drawn(4, 16), lambda d, o, u, _r: d[o] * u[0])
    )
    (fault,) = evidence.faults
    assert "was given no data pointer" in fault.message


def test_a_read_beyond_an_array_of_the_closure_is_found(
    device: Any, record: Record
) -> None:
    weights = drawn(5)

    def weigh(data_in: Any, offset: Any, _info: Any, _reserved: Any) -> Any:
        row = offset // 16
        return data_in[offset] * weights[row * 2]

    _, evidence = record(lambda: run_prolog(device, drawn(4, 16), weigh))
    (fault,) = evidence.faults
    assert (fault.kind, fault.count) == ("out_of_bounds_read", 16)
    assert fault.line == line_of(weigh, "row * 2")
    assert "reads beyond an array that it takes from outside" in fault.message


def test_code_may_be_given_by_its_address(device: Any) -> None:
    import ctypes

    import nvmath

    code = nvmath.fft.compile_prolog(
        lambda d, o, _u, _r: 2 * d[o], "float32", "float32"
    )
    memory = ctypes.create_string_buffer(code, len(code))
    given = {"ltoir": ctypes.addressof(memory), "size": len(code)}
    x = drawn(4, 16)
    result = nvmath.fft.rfft(device.to_device(x), axes=[1], prolog=given)
    assert error(device.from_device(result), 2 * scipy.fft.rfft(x)) < 1e-6


def test_elements_that_an_epilog_leaves_are_counted(
    device: Any, record: Record
) -> None:
    def half(out: Any, offset: Any, data: Any, _info: Any, _reserved: Any) -> None:
        if offset % 2:
            out[offset] = data

    seen, evidence = record(lambda: run_epilog(device, drawn(4, 16), half))
    (fault,) = evidence.faults
    assert (fault.kind, fault.count) == ("unwritten", 18)
    assert fault.line == half.__code__.co_firstlineno
    assert "18 of the 36 elements" in fault.message
    assert np.isnan(seen.ravel()[::2]).all()


def test_an_epilog_that_returns_leaves_all_unwritten(
    device: Any, record: Record
) -> None:
    def stub(out: Any, offset: Any, data: Any, _info: Any, _reserved: Any) -> None:
        pass

    _, evidence = record(lambda: run_epilog(device, drawn(4, 16), stub))
    assert [(f.kind, f.count) for f in evidence.faults] == [("unwritten", 36)]


def test_a_write_beyond_the_result_is_found_and_dropped(
    device: Any, record: Record
) -> None:
    def shift(out: Any, offset: Any, data: Any, _info: Any, _reserved: Any) -> None:
        out[offset + 1] = data

    _, evidence = record(lambda: run_epilog(device, drawn(4, 16), shift))
    written, missing = evidence.faults
    assert (written.kind, written.count) == ("out_of_bounds_write", 1)
    assert written.line == line_of(shift, "offset + 1")
    assert "writes data_out[36], but the result has 36 elements" in written.message
    assert (missing.kind, missing.count) == ("unwritten", 1)


def test_poison_shows_where_an_epilog_adds_to_the_result(device: Any) -> None:
    def add(out: Any, offset: Any, data: Any, _info: Any, _reserved: Any) -> None:
        out[offset] = out[offset] + data

    device.begin(poison=True, trace=True, operands=[])
    seen = run_epilog(device, drawn(4, 16), add)
    device.end()
    assert np.isnan(seen).all()


# -------------------------------------------------------------------------- how fast


def test_a_large_image_takes_a_moment(device: Any) -> None:
    import nvmath

    x = device.to_device(drawn(3, 512, 512))

    def gray(data_in: Any, offset: Any, _info: Any, _reserved: Any) -> Any:
        first = offset % 262144
        return data_in[first] + data_in[first + 262144] + data_in[first + 524288]

    code = nvmath.fft.compile_prolog(gray, "float32", "float32")
    callbacks.prepare(code)
    start = time.perf_counter()
    nvmath.fft.rfft(x, axes=(1, 2), prolog={"ltoir": code})
    assert time.perf_counter() - start < 1.0


def test_a_forked_child_can_compile_and_run(device: Any) -> None:
    nvmath_bridge.warm()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            x = drawn(4, 16)
            seen = run_prolog(device, x, lambda d, o, _u, _r: 3 * d[o])
            status = 0 if error(seen, 3 * scipy.fft.rfft(x)) < 1e-6 else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
