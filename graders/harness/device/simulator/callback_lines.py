"""Finds the line at which a callback leaves its memory: it interprets it there.

Imports nothing of the engine but the machine.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from graders.harness.device.simulator.machine import MACHINE

# The elements, and the first and one past the last valid index.
Memory = tuple[npt.NDArray[Any] | None, int, int]


@dataclass(frozen=True)
class Found:
    """
    Where a callback left its memory.

    Attributes:
        line: The line, or that of the callback's ``def`` where it could not be told.

        array: ``"data"``, ``"info"``, ``"constant"`` (an array that the callback closes
            over), or empty where it could not be told.

        index: The index that was used.
    """

    line: int
    array: str = ""
    index: int = 0


class _OutsideError(Exception):
    def __init__(self, array: str, index: int) -> None:
        super().__init__(array, index)
        self.array = array
        self.index = index


class _Checked:
    """A pointer as a callback sees it; accesses outside its memory raise."""

    def __init__(self, name: str, memory: Memory, kind: str) -> None:
        self._name = name
        self._elements, self._low, self._high = memory
        self._kind = kind

    def __getitem__(self, index: Any) -> Any:
        if self._low <= int(index) < self._high and self._elements is not None:
            return self._elements[int(index) - self._low]
        if self._kind == "read":
            raise _OutsideError(self._name, int(index))
        return float("nan")

    def __setitem__(self, index: Any, value: Any) -> None:
        outside = not self._low <= int(index) < self._high
        if self._kind == "write" and outside:
            raise _OutsideError(self._name, int(index))


def _plain(value: Any) -> Any:
    """Return a ``cuda.jit`` device function as the Python function behind it."""
    function = getattr(value, "py_func", None)
    return (
        interpretable(function) if isinstance(function, types.FunctionType) else value
    )


def interpretable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a copy of a function that calls its device helpers as Python functions."""
    if not isinstance(function, types.FunctionType):
        return function
    names = function.__code__.co_names
    replaced = {
        n: _plain(function.__globals__[n]) for n in names if n in function.__globals__
    }
    if all(replaced[n] is function.__globals__[n] for n in replaced):
        space = function.__globals__
    else:
        space = {**function.__globals__, **replaced}
    cells = tuple(
        types.CellType(_plain(cell.cell_contents))
        for cell in function.__closure__ or ()
    )
    copy = types.FunctionType(
        function.__code__,
        space,
        function.__name__,
        function.__defaults__,
        cells or None,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def find(
    function: Callable[..., Any],
    offset: int,
    value: Any,
    data: Memory,
    info: Memory,
    *,
    kind: str,
) -> Found:
    """
    Interpret a callback at an offset and tell where it leaves its memory.

    Args:
        function: The callback.

        offset: The offset to call it for.

        value: An epilog's value; None for a prolog.

        data: The operand's elements.

        info: The elements of ``user_info``.

        kind: ``"read"`` or ``"write"``: which accesses to look at.
    """
    start = int(function.__code__.co_firstlineno)
    arguments: list[Any] = [_Checked("data", data, kind), offset]
    if value is not None:
        arguments.append(value)
    arguments += [_Checked("info", info, kind), None]
    try:
        interpretable(function)(*arguments)
    except _OutsideError as outside:
        return Found(_innermost(outside, function), outside.array, outside.index)
    except IndexError as outside:
        # NumPy's own check, of an array that the callback closes over.
        return Found(_innermost(outside, function), "constant")
    except Exception:  # noqa: BLE001 - Python may refuse what Numba compiles
        return Found(start)
    return Found(start)


def _innermost(error: Exception, function: Callable[..., Any]) -> int:
    """Return the innermost line of an error in the learner's files."""
    line = int(function.__code__.co_firstlineno)
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name == function.__code__.co_filename or MACHINE.is_learner_file(name):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
