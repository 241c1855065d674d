"""The parameters of CuPy's kernels: what they are declared as, and what they become.

Texts and types of errors are CuPy's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_NAME = re.compile(r"[A-Za-z_]\w*\Z")


@dataclass(frozen=True)
class ParameterInfo:
    """
    A parameter of a kernel.

    Attributes:
        name: Its name in the operation.

        dtype: Its type, or None where a placeholder stands for it.

        ctype: The placeholder, or the type's name.

        raw: Whether the operation indexes it.

        is_const: Whether it is only read.
    """

    name: str
    dtype: type[np.generic] | None
    ctype: str
    raw: bool
    is_const: bool


def parse_parameters(text: object, *, is_const: bool) -> tuple[ParameterInfo, ...]:
    """
    Return a list of parameters, as ``"T x, raw float32 y"``.

    Raises:
        TypeError: It is no text, or a type is unknown.
    """
    checked = checked_type("s", text, str)
    if not checked:
        return ()
    return tuple(_parameter(part, is_const) for part in checked.strip().split(","))


def _parameter(text: str, is_const: bool) -> ParameterInfo:  # noqa: FBT001
    words = text.split()
    if len(words) < 2:
        msg = f"Syntax error: {text}"
        raise Exception(msg)  # noqa: TRY002 - CuPy's type
    ctype, name = words[-2:]
    dtype = None if len(ctype) == 1 else np.dtype(ctype).type
    raw = False
    for word in words[:-2]:
        if word == "raw":
            raw = True
        elif word == "_non_const":
            is_const = False
        else:
            msg = f'Unknown keyword "{word}"'
            raise Exception(msg)  # noqa: TRY002 - CuPy's type
    return ParameterInfo(name, dtype, ctype, raw, is_const)


def checked_name(name: str) -> str:
    """Return a kernel's name, or raise ValueError where C has no such name."""
    if not _NAME.match(name):
        msg = f'Invalid kernel name: "{name}"'
        raise ValueError(msg)
    return name


def checked_type(name: str, value: object, kind: type) -> Any:
    """Return an argument of the right type, or raise Cython's TypeError."""
    if not isinstance(value, kind):
        msg = (
            f"Argument {name!r} has incorrect type "
            f"(expected {kind.__name__}, got {type(value).__name__})"
        )
        raise TypeError(msg)
    return value


def decide_types(
    inputs: Sequence[tuple[ParameterInfo, np.dtype[Any] | None]],
    outputs: Sequence[tuple[ParameterInfo, np.dtype[Any]]],
) -> dict[str, np.dtype[Any]]:
    """
    Return what each placeholder stands for.

    Args:
        inputs: Parameters, with the dtypes of arrays, and None for scalars.

        outputs: The same of outputs that were passed.

    Raises:
        TypeError: Arrays do not agree about a type.
    """
    letters: dict[str, np.dtype[Any]] = {}
    for parameter, dtype in (*outputs, *inputs):
        if dtype is None:
            continue
        name, given = parameter.name, dtype.type
        if parameter.dtype is not None:
            if dtype != parameter.dtype:
                wanted = parameter.dtype.__name__
                msg = f"Type is mismatched. {name} {given} {wanted}"
                raise TypeError(msg)
        elif letters.setdefault(parameter.ctype, dtype) != dtype:
            known = letters[parameter.ctype].type
            msg = f"Type is mismatched. {name} {given} {known} {parameter.ctype}"
            raise TypeError(msg)
    return letters


def type_of(
    parameter: ParameterInfo, letters: dict[str, np.dtype[Any]]
) -> np.dtype[Any]:
    """
    Return a parameter's type.

    Raises:
        KeyError: As CuPy, where no array says what its placeholder stands for.
    """
    if parameter.dtype is None:
        return letters[parameter.ctype]
    return np.dtype(parameter.dtype)
