"""Which arrays share memory: results with one another, and results with arguments.

Arrays are numbered as they are met, depth first, in nested lists, tuples and
dictionaries. Only addresses, shapes and strides are read, never elements, so device
arrays are judged as host arrays are. Imports nothing of the engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

_MOST_PAIRS = 20_000
_MOST_NODES = 50_000
_MOST_DEPTH = 24
# How long NumPy may search for an element that two interleaved views have in common.
_MAX_WORK = 10_000


@dataclass(frozen=True)
class Place:
    """
    Where an array lies.

    Attributes:
        space: ``"cpu"`` or ``"cuda"``.

        low: The address of its first byte.

        high: The address after its last byte.

        ghost: A NumPy array with its address, shape and strides, not to be read.
    """

    space: str
    low: int
    high: int
    ghost: Any


class _Ghost:
    def __init__(self, address: int, array: Any) -> None:
        self.__array_interface__ = {
            "version": 3,
            "data": (address, False),
            "shape": tuple(array.shape),
            "strides": tuple(array.strides),
            "typestr": np.dtype(array.dtype).str,
        }


def arrays_among(values: Any) -> list[Any]:
    """
    Return the arrays in nested lists, tuples and dictionaries, depth first.

    A structure may contain itself: it is followed as far as values cross, no further.
    """
    found: list[Any] = []
    waiting = [(values, 0)]
    for _ in range(_MOST_NODES):
        if not waiting:
            break
        value, depth = waiting.pop()
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list | tuple):
            if depth < _MOST_DEPTH and len(value) < _MOST_NODES:
                waiting += [(inner, depth + 1) for inner in reversed(value)]
        elif hasattr(type(value), "strides"):
            found.append(value)
    return found


def place(array: Any) -> Place | None:
    """Return where an array lies; None where it has no element or no address."""
    if isinstance(array, np.generic) or 0 in array.shape:
        return None
    on_host = isinstance(array, np.ndarray)
    try:
        address = int(array.ctypes.data if on_host else array.data.ptr)
        ghost = np.asarray(_Ghost(address, array))
        low, high = np.lib.array_utils.byte_bounds(ghost)
    except (AttributeError, TypeError, ValueError):
        return None
    return Place("cpu" if on_host else "cuda", int(low), int(high), ghost)


def shared(places: Iterable[tuple[int, Place | None]]) -> list[tuple[int, int]]:
    """Return the pairs of numbers whose places have an element in common."""
    known = sorted(
        ((where, number) for number, where in places if where is not None),
        key=lambda pair: (pair[0].space, pair[0].low),
    )
    pairs: list[tuple[int, int]] = []
    for index, (one, number) in enumerate(known):
        for other, partner in known[index + 1 :]:
            if other.space != one.space or other.low >= one.high:
                break
            if _overlap(one, other):
                pairs.append((min(number, partner), max(number, partner)))
            if len(pairs) >= _MOST_PAIRS:
                return sorted(pairs)
    return sorted(pairs)


def _overlap(one: Place, other: Place) -> bool:
    try:
        # NumPy's stubs know of two values only.
        work: Any = _MAX_WORK
        return bool(np.shares_memory(one.ghost, other.ghost, max_work=work))
    except (np.exceptions.TooHardError, OverflowError):
        return True


def facts(value: Any, args: Any, earlier: Any = ()) -> dict[str, Any]:
    """
    Return which result arrays share memory.

    Args:
        value: What the learner's function returned.

        args: What it got.

        earlier: Arrays that an earlier call returned, still alive.

    Returns:
        ``shared_results``: pairs of results. ``shared_arguments``: pairs of a result and
        an argument's array, each counted by itself. ``reused_results``: the results
        that lie in memory of an earlier call's, and not in an argument's.
    """
    results = [place(array) for array in arrays_among(value)]
    operands = [place(array) for array in arrays_among(args)]
    first = len(results)
    pairs = shared(enumerate(results + operands))
    from_arguments = [(i, j - first) for i, j in pairs if i < first <= j]
    before = [place(array) for array in arrays_among(list(earlier))]
    again = {i for i, j in shared(enumerate(results + before)) if i < first <= j}
    return {
        "shared_results": [(i, j) for i, j in pairs if j < first],
        "shared_arguments": from_arguments,
        "reused_results": sorted(again - {i for i, _ in from_arguments}),
    }
