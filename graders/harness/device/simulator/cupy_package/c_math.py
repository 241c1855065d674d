"""C's operators and CUDA's functions on whole arrays, each in the type that C gives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from graders.harness.device.simulator.cupy_package.c_types import (
    BOOL,
    DOUBLE,
    FLOAT,
    Values,
    cast,
    promoted,
    unsupported,
    usual,
)

_COMPARISONS: dict[str, Any] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_ARITHMETIC: dict[str, Any] = {"+": np.add, "-": np.subtract, "*": np.multiply}
_BITS: dict[str, Any] = {"&": np.bitwise_and, "|": np.bitwise_or, "^": np.bitwise_xor}
_SHIFTS: dict[str, Any] = {"<<": np.left_shift, ">>": np.right_shift}


def binary(op: str, left: Values, right: Values) -> Values:
    """Return what C's operator gives, in C's type; ``&&`` and ``||`` are elsewhere."""
    with np.errstate(all="ignore"):
        if op in _SHIFTS:
            return _shifted(op, promoted(left), promoted(right))
        if op in "*/" and "c" in left.dtype.kind + right.dtype.kind:
            return _scaled(op, left, right)
        a, b = usual(left, right)
        if op in _COMPARISONS:
            if a.dtype.kind == "c" and op not in ("==", "!="):
                unsupported("An order of complex numbers")
            return np.asarray(_COMPARISONS[op](a, b))
        if op in _ARITHMETIC:
            return np.asarray(_ARITHMETIC[op](a, b))
        if op == "/":
            return _quotient(a, b)
        if a.dtype.kind not in "iu" or op not in {*_BITS, "%"}:
            unsupported(f"{op} of numbers of type {a.dtype}")
        return np.asarray(np.fmod(a, b) if op == "%" else _BITS[op](a, b))


def _shifted(op: str, left: Values, right: Values) -> Values:
    """Shift; only the left operand says of which type the result is."""
    if left.dtype.kind not in "iu" or right.dtype.kind not in "iu":
        unsupported(f"{op} of numbers of type {left.dtype}")
    return np.asarray(_SHIFTS[op](left, right.astype(left.dtype)))


def _quotient(a: Values, b: Values) -> Values:
    """Divide; integers towards zero, as C and not as NumPy."""
    if a.dtype.kind not in "iu":
        return np.asarray(np.true_divide(a, b))
    return np.asarray(np.floor_divide(a - np.fmod(a, b), b))


def _scaled(op: str, left: Values, right: Values) -> Values:
    """Multiply or divide complex numbers; by a real one, part by part."""
    a, b = usual(left, right)
    real = right if left.dtype.kind == "c" else left
    if real.dtype.kind == "c":
        return np.asarray(np.multiply(a, b) if op == "*" else np.true_divide(a, b))
    if op == "/" and real is left:
        return np.asarray(np.true_divide(a, b))
    number = a if real is right else b
    function = np.multiply if op == "*" else np.true_divide
    result = np.empty(np.broadcast_shapes(a.shape, b.shape), a.dtype)
    result.real = function(number.real, real)
    result.imag = function(number.imag, real)
    return result


def unary(op: str, value: Values) -> Values:
    """Return what C's operator gives for one operand."""
    if op == "!":
        return np.logical_not(truth(value))
    wide = promoted(value)
    with np.errstate(all="ignore"):
        if op == "-":
            return np.asarray(np.negative(wide))
        if op == "~" and wide.dtype.kind in "iu":
            return np.asarray(np.invert(wide))
    if op != "+":
        unsupported(f"The operator {op}")
    return wide


def truth(value: Values) -> Values:
    """Return a value as a condition."""
    return cast(value, BOOL)


# ---------------------------------------------------------------------- functions


def _rounded(x: Values) -> Values:
    """Round half away from zero; NumPy rounds half to even."""
    whole = np.trunc(x)
    return np.where(np.abs(x - whole) >= 0.5, whole + np.sign(x), whole)


_OF_ONE: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(np, name)
        for name in [
            "sin",
            "cos",
            "tan",
            "sinh",
            "cosh",
            "tanh",
            "exp",
            "exp2",
            "expm1",
            "log",
            "log2",
            "log10",
            "log1p",
            "sqrt",
            "cbrt",
            "fabs",
            "floor",
            "ceil",
            "trunc",
            "rint",
        ]
    },
    **{f"a{name}": getattr(np, f"arc{name}") for name in ["sin", "cos", "tan"]},
    **{f"a{name}": getattr(np, f"arc{name}") for name in ["sinh", "cosh", "tanh"]},
    "round": _rounded,
    "nearbyint": np.rint,
    "exp10": lambda x: np.power(x.dtype.type(10), x),
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "erf": special.erf,
    "erfc": special.erfc,
    "erfinv": special.erfinv,
    "tgamma": special.gamma,
    "lgamma": special.gammaln,
    "normcdf": special.ndtr,
    "j0": special.j0,
    "j1": special.j1,
    "sinpi": lambda x: np.sin(np.pi * np.fmod(x, 2)).astype(x.dtype),
    "cospi": lambda x: np.cos(np.pi * np.fmod(x, 2)).astype(x.dtype),
}
_OF_TWO: dict[str, Callable[..., Any]] = {
    "pow": np.power,
    "atan2": np.arctan2,
    "hypot": np.hypot,
    "fmod": np.fmod,
    "copysign": np.copysign,
    "nextafter": np.nextafter,
    "fmin": np.fmin,
    "fmax": np.fmax,
    "fdim": lambda x, y: np.where(x > y, x - y, x.dtype.type(0)),
    "fdividef": np.true_divide,
}
_TESTS: dict[str, Any] = {
    "isnan": np.isnan,
    "isinf": np.isinf,
    "isfinite": np.isfinite,
    "signbit": np.signbit,
}
_OF_COMPLEX = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "asin",
        "acos",
        "atan",
        "asinh",
        "acosh",
        "atanh",
        "exp",
        "log",
        "log10",
        "sqrt",
    ]
)
_PARTS: dict[str, Callable[..., Any]] = {
    "real": np.real,
    "imag": np.imag,
    "conj": np.conj,
    "abs": np.abs,
    "arg": np.angle,
    "norm": lambda z: z.real * z.real + z.imag * z.imag,
}


def call(name: str, args: list[Values]) -> Values:
    """Return what a function of CUDA or of CuPy's complex numbers gives."""
    with np.errstate(all="ignore"):
        if any(a.dtype.kind == "c" for a in args):
            return _of_complex(name, args)
        if name in {"min", "max"} and len(args) == 2:
            return np.asarray(getattr(np, f"f{name}")(*usual(*args)))
        if name in {"abs", "labs", "llabs"} and len(args) == 1:
            return np.asarray(np.abs(promoted(args[0])))
        plain, single = _plain_name(name)
        known = {1: {**_OF_ONE, **_TESTS}, 2: _OF_TWO}.get(len(args), {})
        if plain in known:
            return np.asarray(known[plain](*_floating(args, single=single)))
        if plain == "fma" and len(args) == 3:
            return _fused(*_floating(args, single=single))
    unsupported(f"The function {name}")


def _plain_name(name: str) -> tuple[str, bool]:
    """Return ``sin`` for ``sinf`` and ``__sinf``, and whether it computes in float."""
    bare = name.removeprefix("__")
    if bare == "fdividef":
        return bare, True
    if bare.endswith("f") and bare[:-1] in {*_OF_ONE, *_OF_TWO, "fma"}:
        return bare[:-1], True
    return name, False


def _floating(args: list[Values], *, single: bool) -> list[Values]:
    """Return arguments in the type of the overload: float only where all are float."""
    wide = [promoted(a) for a in args]
    target = FLOAT if single or all(a.dtype == FLOAT for a in wide) else DOUBLE
    return [a.astype(target, copy=False) for a in wide]


def _fused(a: Values, b: Values, c: Values) -> Values:
    """Multiply and add; floats round once, as double holds their product."""
    if a.dtype == FLOAT:
        return np.asarray(a.astype(DOUBLE) * b + c).astype(FLOAT)
    return np.asarray(a * b + c)


def _of_complex(name: str, args: list[Values]) -> Values:
    if name in _PARTS and len(args) == 1:
        return np.asarray(_PARTS[name](args[0]))
    if name in _OF_COMPLEX and len(args) == 1:
        return np.asarray(_OF_ONE[name](args[0]))
    if name == "pow" and len(args) == 2:
        return np.asarray(np.power(*usual(*args)))
    unsupported(f"The function {name} of complex numbers")
