"""Some rows of a result, wherever it lies: what the result of a timed round is known by.

The whole of it may have a gigabyte, and would have to cross after each round. A row is
what lies along the last axis. Rows are drawn by the grading process's number, so that the
same ones come of two programs' results. Imports nothing of the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_ROWS = 256
_LONGEST = 4096
_MOST_DEPTH = 8


def sampled_rows(
    value: Any,
    number: int,
    read: Callable[[Any], np.ndarray[Any, Any] | None],
    channels: int = 0,
) -> list[np.ndarray[Any, Any]] | None:
    """
    Return rows of a result, drawn at random; None where it has none.

    A list or tuple of arrays counts as an array with one more axis, so that two programs
    of which one returns a list and one an array give the same rows.

    Args:
        value: Arrays in host or device memory, also in lists and tuples.

        number: What the rows are drawn by.

        read: Returns a host copy of a device array, or None of what is no such array.

        channels: How many an image has. One with channels last gives the rows that it
            would give with channels first.
    """
    if channels and getattr(value, "ndim", 0) == 3 and value.shape[0] != channels:
        value = value.transpose(2, 0, 1)
    rng = np.random.default_rng(number)
    rows = []
    for _ in range(_ROWS):
        row = _row(value, rng, read)
        if row is None:
            return None
        rows.append(row)
    return rows


def _row(
    value: Any,
    rng: np.random.Generator,
    read: Callable[[Any], np.ndarray[Any, Any] | None],
) -> np.ndarray[Any, Any] | None:
    for _ in range(_MOST_DEPTH):
        count = _length(value)
        if count == 0:
            return None
        if count is None:
            break
        value = _part(value, int(rng.integers(count)))
    if getattr(value, "ndim", 0) == 1 and len(value) > _LONGEST:
        start = int(rng.integers(len(value) - _LONGEST))
        value = value[start : start + _LONGEST]
    host = value if isinstance(value, np.ndarray | np.generic) else read(value)
    return None if host is None else np.array(host).reshape(-1)


def _length(value: Any) -> int | None:
    """Return how many there are to choose from; None of a row."""
    kind = _base(value)
    if kind is not None:
        return int(kind.__len__(value))
    if getattr(value, "ndim", 0) > 1:
        return int(value.shape[0])
    return None


def _part(value: Any, index: int) -> Any:
    kind = _base(value)
    return value[index] if kind is None else kind.__getitem__(value, index)


def _base(value: Any) -> Any:
    """Return list or tuple: a class derived from one cannot lie about its parts."""
    return next((kind for kind in (list, tuple) if isinstance(value, kind)), None)
