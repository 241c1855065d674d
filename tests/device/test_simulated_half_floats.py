"""float16 in callbacks: conversions round as NumPy's do; arithmetic does not link."""

from __future__ import annotations

import ctypes
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt
import pytest

from graders.harness.device.simulator import callback_ir, half_floats

EDGES = [0.0, -0.0, 1.0, -2.5, 65504.0, 65519.9, 65520.0, -70000.0, 1e300, np.inf]
EDGES += [2.0**-14, 2.0**-24, 2.0**-25, 1.5 * 2.0**-24, 3e-8, -6.1e-5, 2049.0, 2051.0]


def compiled(text: str, name: str, returned: Any, given: Any) -> Any:
    """Return the function ``name`` of LLVM IR; it lives as long as the process."""
    machine, engine = callback_ir._engine()
    module = llvm.parse_assembly(text)
    module.triple = machine.triple
    engine.add_module(module)
    engine.finalize_object()
    return ctypes.CFUNCTYPE(returned, given)(engine.get_function_address(name))


def narrow(kind: str, ptx: str, given: Any, name: str) -> Any:
    text = (
        f"define i16 @{name}({kind} %x) {{\n"
        f'  %h = call i16 asm  "cvt.rn.f16.{ptx} $0, $1;", "=h,d"({kind} %x)\n'
        "  ret i16 %h\n}\n"
    )
    return compiled(half_floats.translate(text), name, ctypes.c_uint16, given)


def bits(values: npt.NDArray[Any]) -> list[int]:
    with np.errstate(over="ignore"):
        return values.astype(np.float16).view(np.uint16).tolist()


def test_doubles_are_rounded_as_numpy_rounds_them() -> None:
    drawn = np.random.default_rng(1).standard_normal(5000)
    scaled = drawn * 2.0 ** np.random.default_rng(2).integers(-27, 18, 5000)
    values = np.concatenate([EDGES, scaled])
    function = narrow("double", "f64", ctypes.c_double, "half_of_double")
    assert [function(x) for x in values.tolist()] == bits(values)


def test_floats_and_integers_are_rounded_as_numpy_rounds_them() -> None:
    values = np.random.default_rng(3).standard_normal(2000).astype(np.float32) * 9
    function = narrow("float", "f32", ctypes.c_float, "half_of_float")
    assert [function(x) for x in values.tolist()] == bits(values)
    whole = np.arange(-70000, 70000, 77)
    function = narrow("i64", "s64", ctypes.c_int64, "half_of_integer")
    assert [function(x) for x in whole.tolist()] == bits(whole)


def test_every_half_is_widened_exactly() -> None:
    text = (
        "define double @double_of_half(i16 %h) {\n"
        '  %d = call double asm  "cvt.f64.f16 $0, $1;", "=d,h"(i16 %h)\n'
        "  ret double %d\n}\n"
    )
    function = compiled(
        half_floats.translate(text), "double_of_half", ctypes.c_double, ctypes.c_uint16
    )
    words = np.arange(65536, dtype=np.uint16)
    widened = np.array([function(int(word)) for word in words])
    np.testing.assert_array_equal(widened, words.view(np.float16).astype(np.float64))


def test_halves_become_the_nearest_integers() -> None:
    text = (
        "define i32 @integer_of_half(i16 %h) {\n"
        '  %n = call i32 asm  "cvt.rni.s32.f16 $0, $1;", "=r,h"(i16 %h)\n'
        "  ret i32 %n\n}\n"
    )
    function = compiled(
        half_floats.translate(text), "integer_of_half", ctypes.c_int32, ctypes.c_uint16
    )
    values = np.array([0.5, 1.5, 2.5, -0.5, -3.7, 2000.0], dtype=np.float16)
    words = values.view(np.uint16).tolist()
    assert [function(word) for word in words] == [0, 2, 2, 0, -4, 2000]


def run_prolog(device: Any, prolog: Any) -> Any:
    import nvmath

    image = np.random.default_rng(4).random((4, 8)).astype(np.float32)
    code = nvmath.fft.compile_prolog(prolog, "float32", "float32")
    given = {"ltoir": code}
    result = nvmath.fft.rfft(device.to_device(image), axes=[1], prolog=given)
    return image, device.from_device(result)


def test_a_callback_rounds_to_half_precision(device: Any) -> None:
    def rounded(data: Any, offset: Any, _info: Any, _reserved: Any) -> Any:
        return np.float32(np.float16(data[offset]))

    image, result = run_prolog(device, rounded)
    expected = np.fft.rfft(image.astype(np.float16).astype(np.float64), axis=1)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)


def test_arithmetic_in_half_precision_does_not_link(device: Any) -> None:
    def summed(data: Any, offset: Any, _info: Any, _reserved: Any) -> Any:
        return np.float32(np.float16(data[offset]) + np.float16(data[offset]))

    with pytest.raises(Exception, match="CUFFT_NVJITLINK_FAILURE"):
        run_prolog(device, summed)
