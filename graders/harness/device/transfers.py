"""The grader's own copies between host and device.

They launch no kernel: an array's bytes travel as they lie, and the host puts the
strides back. Imports nothing of the engine.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_TO_DEVICE = 1  # cudaMemcpyKind
_TO_HOST = 2
_WITHIN = 3
# A one-dimensional view over more bytes than these is copied element by element.
_WIDE = 1 << 20


def span(
    shape: Sequence[int], strides: Sequence[int], itemsize: int
) -> tuple[int, int]:
    """
    Return the bytes that an array touches, as offsets from its first element.

    Args:
        shape: The extents.

        strides: In bytes, of either sign.

        itemsize: The bytes of one element.

    Examples:
        >>> span((2, 3), (12, 4), 4)
        (0, 24)
        >>> span((3,), (-8,), 4)
        (-16, 4)
    """
    if 0 in shape:
        return 0, 0
    ends = [(n - 1) * step for n, step in zip(shape, strides, strict=True)]
    return sum(e for e in ends if e < 0), sum(e for e in ends if e > 0) + itemsize


def upload(array: npt.NDArray[Any]) -> Any:
    """
    Return a new CuPy array with the values and the order of strides of ``array``.

    It is dense: gaps between elements are not kept. The caller waits for the device.
    """
    cupy = importlib.import_module("cupy")
    dense = np.array(array, order="K", copy=True)
    if dense.size == 0:
        return cupy.empty(dense.shape, dtype=dense.dtype)
    out = cupy.ndarray(
        dense.shape,
        dtype=dense.dtype,
        memptr=cupy.cuda.alloc(dense.nbytes),
        strides=dense.strides,
    )
    cupy.cuda.runtime.memcpy(out.data.ptr, dense.ctypes.data, dense.nbytes, _TO_DEVICE)
    return out


def duplicate(value: Any, turn: int = 0) -> Any:
    """
    Return a copy of a CuPy array that :func:`upload` made; no kernel is launched.

    Args:
        value: Dense, in any order of strides.

        turn: By how many steps the copy is turned along the outermost axis in memory:
            what leaves it at the end comes back at the beginning.
    """
    cupy = importlib.import_module("cupy")
    if value.size == 0:
        return cupy.empty(value.shape, dtype=value.dtype)
    out = cupy.ndarray(
        value.shape,
        dtype=value.dtype,
        memptr=cupy.cuda.alloc(value.nbytes),
        strides=value.strides,
    )
    size, shift = value.nbytes, turned_bytes(value, turn)
    memcpy, start, source = cupy.cuda.runtime.memcpy, out.data.ptr, value.data.ptr
    memcpy(start + shift, source, size - shift, _WITHIN)
    if shift:
        memcpy(start, source + size - shift, shift, _WITHIN)
    return out


def turned_bytes(array: Any, turn: int) -> int:
    """
    Return how many bytes of a dense array lie before its beginning once it is turned.

    Args:
        array: Dense, in any order of strides.

        turn: Steps along the outermost axis in memory, any number.
    """
    axis = outermost_axis(array)
    if axis is None:
        return 0
    return int(turn % array.shape[axis] * array.strides[axis])


def outermost_axis(array: Any) -> int | None:
    """Return the axis of a dense array with the largest steps in memory, or None."""
    axes = [axis for axis in range(array.ndim) if array.shape[axis] > 1]
    return max(axes, key=lambda axis: array.strides[axis], default=None)


def refill(target: Any, array: npt.NDArray[Any]) -> None:
    """
    Put the values of ``array`` into a CuPy array that :func:`upload` made.

    Args:
        target: Dense, in any order of strides.

        array: Of the same shape and dtype.
    """
    runtime = importlib.import_module("cupy").cuda.runtime
    if array.size == 0:
        return
    raw = np.empty(array.nbytes, np.uint8)
    view: npt.NDArray[Any] = np.ndarray(
        array.shape, array.dtype, buffer=raw, strides=tuple(target.strides)
    )
    view[...] = array
    runtime.memcpy(target.data.ptr, raw.ctypes.data, raw.nbytes, _TO_DEVICE)


def download(
    array: Any, stream: int, copied: Callable[[int], None] = lambda _: None
) -> npt.NDArray[Any]:
    """
    Return a host copy of a CuPy array, with its order of strides.

    Args:
        array: The CuPy array, a view of any kind.

        stream: The stream to copy on, as an address. The copy waits for it.

        copied: Called with the number of bytes that travelled.
    """
    runtime = importlib.import_module("cupy").cuda.runtime
    shape, dtype = tuple(array.shape), np.dtype(array.dtype)
    low, high = span(shape, array.strides, dtype.itemsize)
    if high == low:
        return np.empty(shape, dtype)
    if len(shape) == 1 and high - low > _WIDE and array.strides[0] > 0:
        return _download_column(array, stream, copied)
    raw = np.empty(high - low, np.uint8)
    runtime.memcpyAsync(
        raw.ctypes.data, array.data.ptr + low, raw.nbytes, _TO_HOST, stream
    )
    runtime.streamSynchronize(stream)
    copied(raw.nbytes)
    view: npt.NDArray[Any] = np.ndarray(
        shape, dtype, buffer=raw, offset=-low, strides=tuple(array.strides)
    )
    return np.array(view, order="K", copy=True)


def _download_column(
    array: Any, stream: int, copied: Callable[[int], None]
) -> npt.NDArray[Any]:
    """Return a host copy of elements that lie far apart, without what is between them."""
    runtime = importlib.import_module("cupy").cuda.runtime
    found = np.empty(array.shape, np.dtype(array.dtype))
    runtime.memcpy2DAsync(
        found.ctypes.data, found.itemsize, array.data.ptr, array.strides[0],
        found.itemsize, found.size, _TO_HOST, stream,
    )  # fmt: skip
    runtime.streamSynchronize(stream)
    copied(found.nbytes)
    return found
