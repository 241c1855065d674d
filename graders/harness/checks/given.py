"""What a learner's function is given: arrays in a memory space, streams, functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy.typing as npt

from graders.harness.supervisor import Proxy
from graders.harness.worker import sparse as _sparse
from graders.harness.worker.wire import (
    ArrayValue,
    SparseValue,
    StreamValue,
    TurnedValue,
)


def gpu(array: npt.NDArray[Any]) -> ArrayValue:
    """Return an argument that reaches the learner's function as a CuPy array."""
    return ArrayValue(array, "cuda", array.strides, "cupy.ndarray")


def sparse(matrix: Any, memory_space: str = "cuda") -> SparseValue:
    """
    Return an argument that reaches the learner's function as a sparse matrix.

    Args:
        matrix: SciPy's, in coordinates or in compressed rows or columns. Its entries cross
            as they are stored: in their order, duplicates and zeros included.

        memory_space: Where it arrives: ``"cuda"``, the default, as a matrix of CuPy's,
            ``"cpu"`` as one of SciPy's.
    """
    parts = tuple(
        ArrayValue(getattr(matrix, name), memory_space)
        for name in _sparse.PARTS[matrix.format]
    )
    rows, columns = (int(n) for n in matrix.shape)
    return SparseValue(matrix.format, (rows, columns), parts)


def turned(value: int, below: int) -> TurnedValue:
    """
    Return a number that no two timed rounds have in common, such as a seed.

    Args:
        value: What it is in other calls: 0 or more, and less than ``below``.

        below: Above all that it may be.
    """
    return TurnedValue(value, below)


def stream(items: Iterable[Any], *, reuse_buffer: bool = False) -> StreamValue:
    """
    Return an argument that reaches the learner's function as an iterator.

    It has no length and can be read once.

    Args:
        items: What it gives: :func:`gpu` arrays, NumPy arrays, or tuples of them.

        reuse_buffer: Whether the producer fills the arrays of the first item again for
            each later one, so that an item is gone once the next one has been asked for.
            All items then have the same shapes.
    """
    return StreamValue(tuple(items), reuse_buffer)


def proxy(function: Any, parameters: Iterable[str] = ("a", "b", "bias")) -> Proxy:
    """
    Return an argument that reaches the learner's function as a function of CuPy arrays.

    Args:
        function: Runs in the grading process. It gets the list of arguments as NumPy
            arrays, may change them in place, and returns a NumPy array, which the learner
            gets as a CuPy array of the same axis order. ValueError and TypeError reach the
            learner.

        parameters: The parameter names that the learner sees.
    """
    return Proxy(function, tuple(parameters))
