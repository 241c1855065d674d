"""C's types and conversions as a GPU's compiler applies them, on whole NumPy arrays.

NumPy's promotion differs: int with float32 is float64 there and float here.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from graders.harness.device.simulator.cupy_package.errors import not_modelled

Values = npt.NDArray[Any]
DType = np.dtype[Any]

BOOL = np.dtype("bool")
INT = np.dtype("int32")
LONG = np.dtype("int64")
FLOAT = np.dtype("float32")
DOUBLE = np.dtype("float64")
_ULONG = np.dtype("uint64")

# The usual arithmetic conversions take the later of two, after what is narrower than
# int became int, and CuPy's float16 float.
_RANKS = [
    np.dtype(n) for n in ["int32", "uint32", "int64", "uint64", "float32", "float64"]
]

NAMED: dict[str, DType] = {
    name: np.dtype(dtype)
    for name, dtype in {
        "bool": "bool",
        "int8_t": "int8",
        "int16_t": "int16",
        "int32_t": "int32",
        "int64_t": "int64",
        "uint8_t": "uint8",
        "uint16_t": "uint16",
        "uint32_t": "uint32",
        "uint64_t": "uint64",
        "ptrdiff_t": "int64",
        "size_t": "uint64",
        "float16": "float16",
        "__complex_float": "complex64",
        "__complex_double": "complex128",
    }.items()
}
_INTEGERS = {"char": "i1", "short": "i2", "int": "i4", "long": "i8"}


def unsupported(what: str) -> NoReturn:
    """Raise the error for a part of an operation that the simulator leaves out."""
    not_modelled(f"{what} in the operation of cupy.ElementwiseKernel")


def c_type(names: list[str], letters: dict[str, DType]) -> DType:
    """
    Return the dtype that a declaration's words name.

    Args:
        names: As pycparser gives them: ``["unsigned", "long"]``.

        letters: What the kernel's placeholders stand for: ``{"T": float32}``.
    """
    words = [n for n in names if n != "signed"]
    unsigned = "unsigned" in words
    base = [n for n in words if n != "unsigned"] or ["int"]
    if len(base) > 1:
        base = [n for n in base if n != "int"][:1] if "double" not in base else base
    if len(base) == 1 and base[0] in _INTEGERS:
        code = _INTEGERS[base[0]]
        return np.dtype(code.replace("i", "u") if unsigned else code)
    simple: dict[str, DType] = {"float": FLOAT, "double": DOUBLE, **NAMED, **letters}
    found = simple.get(" ".join(words))
    if found is None:
        unsupported(f"The type {' '.join(names)}")
    return found


def constant(kind: str, text: str) -> Values:
    """Return a number written in an operation, with the type that C gives it."""
    if kind in {"float", "double", "long double"}:
        number = text.rstrip("fFlL")
        value = float.fromhex(number) if number[:2].lower() == "0x" else float(number)
        return np.asarray(value, FLOAT if kind == "float" else DOUBLE)
    if "int" not in kind:
        unsupported(f"The constant {text}")
    suffix = text[len(text.rstrip("uUlL")) :].lower()
    digits = text.rstrip("uUlL")
    octal = len(digits) > 1 and digits.isdigit() and digits[0] == "0"
    value = int(digits, 8 if octal else 0)
    types = ["uint32", "uint64"] if "u" in suffix else ["int32", "int64", "uint64"]
    wide = [t for t in types if "64" in t] if "l" in suffix else types
    fitting = [t for t in wide if value <= np.iinfo(t).max]
    return np.asarray(value, fitting[0] if fitting else _ULONG)


def promoted(value: Values) -> Values:
    """Return a value as arithmetic takes it: at least int, float16 as float."""
    kind, size = value.dtype.kind, value.dtype.itemsize
    if kind == "b" or (kind in "iu" and size < INT.itemsize):
        return value.astype(INT)
    return value.astype(FLOAT) if kind == "f" and size < FLOAT.itemsize else value


def usual(*values: Values) -> list[Values]:
    """Return values in their common type, by the usual arithmetic conversions."""
    wide = [promoted(v) for v in values]
    types = [v.dtype for v in wide]
    if any(t.kind == "c" for t in types):
        return _complex(wide, types)
    common = max(types, key=_RANKS.index)
    return [v.astype(common, copy=False) for v in wide]


def _complex(values: list[Values], types: list[DType]) -> list[Values]:
    """Let complex numbers meet their like and their parts; C++ knows nothing else."""
    widest = max((t for t in types if t.kind == "c"), key=lambda t: t.itemsize)
    part = np.dtype(f"f{widest.itemsize // 2}")
    for dtype in types:
        if dtype not in (widest, part):
            unsupported(f"A mixture of {widest} and {dtype}")
    return [v.astype(widest, copy=False) for v in values]


def cast(value: Values, target: DType) -> Values:
    """Return a value converted as C converts it; never a view of its memory."""
    source = value.dtype
    if source.kind == "c" and target.kind not in "c":
        unsupported(f"A conversion of {source} to {target}")
    if source.kind == "f" and target.kind in "iu":
        return _truncated(value, target)
    with np.errstate(all="ignore"):
        return value.astype(target)


def _truncated(value: Values, target: DType) -> Values:
    """Truncate to integers as a GPU does: what is too large stays at the limits."""
    if target.itemsize < INT.itemsize:
        return _truncated(value, INT).astype(target)
    limits = np.iinfo(target)
    with np.errstate(all="ignore"):
        exact = np.trunc(value.astype(DOUBLE))
        inside = (exact >= float(limits.min)) & (exact < float(int(limits.max) + 1))
        result = np.where(inside, exact, 0).astype(target)
    result = np.where(~inside & (exact > 0), limits.max, result)
    return np.where(~inside & (exact < 0), limits.min, result).astype(target)
