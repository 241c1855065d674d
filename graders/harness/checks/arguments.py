"""Say with what a learner's function was called, in a few words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.supervisor.observation import Proxy
from graders.harness.worker.wire import (
    ArrayValue,
    SparseValue,
    StreamValue,
    TurnedValue,
)

_MAX_TEXT = 40
_MOST_ITEMS = 4


def call_hint(function: str, args: Sequence[Any]) -> str:
    """Return what to try after a call that raised."""
    if not args:
        return f"Call {function}() by yourself and follow it to that line."
    shown = ", ".join(_argument(arg) for arg in args)
    return f"Call {function} by yourself, as the grader did: with {shown}."


def _argument(arg: Any) -> str:
    if isinstance(arg, ArrayValue):
        kind = "CuPy" if arg.memory_space == "cuda" else "NumPy"
        return f"a {kind} array {arg.shape} of {arg.dtype}{_order(arg.array)}"
    if isinstance(arg, np.ndarray):
        return f"a NumPy array {arg.shape} of {arg.dtype}{_order(arg)}"
    if isinstance(arg, SparseValue):
        return f"a sparse matrix {arg.shape} in {arg.format.upper()} form"
    if isinstance(arg, StreamValue):
        return f"an iterator of {len(arg.items)} items"
    if isinstance(arg, Proxy):
        return "a function"
    if isinstance(arg, TurnedValue):
        return f"a number such as {arg.value}"
    if isinstance(arg, list | tuple):
        nested = any(isinstance(item, list | tuple) for item in arg)
        if len(arg) <= _MOST_ITEMS and not nested:
            return f"[{', '.join(_argument(item) for item in arg)}]"
        return (
            f"a {type(arg).__name__} of {len(arg)} items, such as {_argument(arg[0])}"
        )
    text = f"{arg:.6g}" if isinstance(arg, float) else repr(arg)
    return text if len(text) <= _MAX_TEXT else f"a {type(arg).__name__}"


def _order(array: npt.NDArray[Any]) -> str:
    """Return how an array lies in memory, where that is not the usual way."""
    if array.flags.c_contiguous:
        return ""
    return " in Fortran order" if array.flags.f_contiguous else " that is a view"
