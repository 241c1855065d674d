"""Which host functions stand in for libdevice's. Imports nothing of the engine."""

from __future__ import annotations

import ctypes
import functools
import re
from typing import Any

import llvmlite.binding as llvm

_CALLED = re.compile(r'@"?(__nv_\w+)"?')
_PI = "0x400921FB54442D18"


def _test(name: str, kind: str, test: str) -> tuple[str, str]:
    text = f"define i32 @{name}({kind} %x) alwaysinline {{\n{test}\n  ret i32 %r\n}}\n"
    return name, text


def _made() -> dict[str, str]:
    """Return the definitions of the libdevice functions that the C library lacks."""
    made: dict[str, str] = {}
    for kind, tail, letter in (("float", "f", "f"), ("double", "", "d")):
        absolute = (
            f"  %a = call {kind} @llvm.fabs.{'f32' if tail else 'f64'}({kind} %x)\n"
        )
        infinite = "0x7FF0000000000000"
        tests = {
            f"__nv_isnan{letter}": f"  %b = fcmp uno {kind} %x, 0.0\n",
            f"__nv_isinf{letter}": f"{absolute}  %b = fcmp oeq {kind} %a, {infinite}\n",
            "__nv_finitef" if tail else "__nv_isfinited": (
                f"{absolute}  %b = fcmp olt {kind} %a, {infinite}\n"
            ),
        }
        for name, test in tests.items():
            made.update([_test(name, kind, f"{test}  %r = zext i1 %b to i32")])
        one = {
            "rsqrt": f"  %s = call {kind} @sqrt{tail}({kind} %x)\n"
            f"  %r = fdiv {kind} 1.0, %s\n",
            "rcbrt": f"  %s = call {kind} @cbrt{tail}({kind} %x)\n"
            f"  %r = fdiv {kind} 1.0, %s\n",
        }
        for function in ("sin", "cos"):
            widen = (
                "  %d = fpext float %x to double\n"
                if tail
                else "  %d = fadd double %x, 0.0\n"
            )
            narrow = (
                "  %r = fptrunc double %v to float\n"
                if tail
                else "  %r = fadd double %v, 0.0\n"
            )
            one[f"{function}pi"] = (
                f"{widen}  %p = fmul double %d, {_PI}\n"
                f"  %v = call double @{function}(double %p)\n{narrow}"
            )
        for name, body in one.items():
            made[f"__nv_{name}{tail}"] = (
                f"define {kind} @__nv_{name}{tail}({kind} %x) alwaysinline {{\n{body}"
                f"  ret {kind} %r\n}}\n"
            )
        size = "f32" if tail else "f64"
        made[f"__nv_powi{tail}"] = (
            f"define {kind} @__nv_powi{tail}({kind} %x, i32 %n) alwaysinline {{\n"
            f"  %r = call {kind} @llvm.powi.{size}.i32({kind} %x, i32 %n)\n"
            f"  ret {kind} %r\n}}\n"
        )
        prefix = "f" if tail else "d"
        arithmetic = ("add", "fadd"), ("sub", "fsub"), ("mul", "fmul"), ("div", "fdiv")
        for name, operation in arithmetic:
            full = f"__nv_{prefix}{name}_rn"
            made[full] = (
                f"define {kind} @{full}({kind} %x, {kind} %y) alwaysinline {{\n"
                f"  %r = {operation} {kind} %x, %y\n  ret {kind} %r\n}}\n"
            )
    made["__nv_fast_fdividef"] = (
        "define float @__nv_fast_fdividef(float %x, float %y) alwaysinline {\n"
        "  %r = fdiv float %x, %y\n  ret float %r\n}\n"
    )
    return made


_MADE = _made()
# Names that differ from the C library's by more than the prefix.
_RENAMED = {
    "__nv_fast_expf": "expf",
    "__nv_fast_exp10f": "exp10f",
    "__nv_fast_logf": "logf",
    "__nv_fast_log2f": "log2f",
    "__nv_fast_log10f": "log10f",
    "__nv_fast_sinf": "sinf",
    "__nv_fast_cosf": "cosf",
    "__nv_fast_tanf": "tanf",
    "__nv_fast_powf": "powf",
    "__nv_fmaf_rn": "fmaf",
    "__nv_fma_rn": "fma",
    "__nv_fsqrt_rn": "sqrtf",
    "__nv_dsqrt_rn": "sqrt",
}


# Of the C library, callbacks may call these and their single-precision forms.
_LIBRARY = frozenset(
    [
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atan2",
        "atanh",
        "cbrt",
        "ceil",
        "copysign",
        "cos",
        "cosh",
        "erf",
        "erfc",
        "exp",
        "exp10",
        "exp2",
        "expm1",
        "fabs",
        "fdim",
        "floor",
        "fma",
        "fmax",
        "fmin",
        "fmod",
        "frexp",
        "hypot",
        "ilogb",
        "j0",
        "j1",
        "jn",
        "ldexp",
        "lgamma",
        "llrint",
        "llround",
        "log",
        "log10",
        "log1p",
        "log2",
        "logb",
        "lrint",
        "lround",
        "modf",
        "nearbyint",
        "nextafter",
        "pow",
        "remainder",
        "remquo",
        "rint",
        "round",
        "scalbn",
        "sin",
        "sincos",
        "sinh",
        "sqrt",
        "tan",
        "tanh",
        "tgamma",
        "trunc",
        "y0",
        "y1",
        "yn",
        "abs",
        "llabs",
    ]
)


@functools.cache
def _library() -> Any:
    return ctypes.CDLL("libm.so.6")


@functools.cache
def is_known(name: str) -> bool:
    """Return whether a declared function can be called from host code."""
    if name.startswith("llvm."):
        return not name.startswith("llvm.nvvm.")
    if name == "vprintf":
        # Nothing is shown: on a GPU too it is a debugging aid whose lines come late. What
        # stands in for it does nothing with its arguments.
        return _stands_in(name, ctypes.CDLL(None).getpid)
    if name.removesuffix("f") not in _LIBRARY and name not in _LIBRARY:
        return False
    try:
        function = getattr(_library(), name)
    except AttributeError:
        return False
    return _stands_in(name, function)


def _stands_in(name: str, function: Any) -> bool:
    llvm.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)
    return True


def spoken(name: str) -> str:
    """Return what a learner calls a function that callbacks cannot call."""
    match = re.fullmatch(r"llvm\.nvvm\.read\.ptx\.sreg\.(n?)(tid|ctaid)\.([xyz])", name)
    if match is None:
        return name
    words = {"tid": "threadIdx", "ntid": "blockDim", "ctaid": "blockIdx"}
    return f"cuda.{words.get(match[1] + match[2], 'gridDim')}.{match[3]}"


def _renamed(match: re.Match[str]) -> str:
    name = match[1]
    if name in _MADE:
        return f"@{name}"
    plain = _RENAMED.get(name, name.removeprefix("__nv_"))
    return f"@{plain}" if is_known(plain) else f"@{name}"


def rename(text: str) -> str:
    """Let IR call the C library in place of libdevice."""
    return _CALLED.sub(_renamed, text)


def special_calls(text: str) -> set[str]:
    """Return the libdevice functions in IR that :func:`definitions` defines."""
    return {name for name in _CALLED.findall(text) if name in _MADE}


def definitions(names: set[str]) -> str:
    """Return IR that defines these libdevice functions."""
    text = "".join(_MADE[name] for name in sorted(names))
    declared = set()
    for kind, called in re.findall(r"call (\w+) @([\w.]+)\(", text):
        extra = ", i32" if "powi" in called else ""
        declared.add(f"declare {kind} @{called}({kind}{extra})\n")
    return "".join(sorted(declared)) + text
