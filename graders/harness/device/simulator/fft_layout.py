"""How an FFT plan's two sides lie in memory, and the transforms themselves.

Imports nothing of the engine.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft

# What cuFFT and FFTW call the embedding: embedded lengths, stride and distance.
Embedding = tuple[Any, int, int]
# A real transform's direction follows from its kind; of a complex one it is execution's.
_DIRECTIONS = {"R2C": "forward", "C2R": "inverse"}


@dataclass(frozen=True)
class Side:
    """
    How one side of a plan lies in memory.

    Attributes:
        dtype: The elements' dtype.

        shape: (batch, lengths...) as stored: the half spectrum on a real transform's
            complex side.

        strides: For each axis, in elements.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def extent(self) -> int:
        """Elements from the first to the last one, both included."""
        steps = ((n - 1) * s for n, s in zip(self.shape, self.strides, strict=True))
        return sum(steps) + 1

    @functools.cached_property
    def offsets(self) -> npt.NDArray[np.int64]:
        """The offset of every element, in C order of the axes."""
        total = np.zeros((1,) * len(self.shape), dtype=np.int64)
        for axis, (n, s) in enumerate(zip(self.shape, self.strides, strict=True)):
            steps = np.arange(n, dtype=np.int64) * s
            shape = [1] * len(self.shape)
            shape[axis] = n
            total = total + steps.reshape(shape)
        return np.ascontiguousarray(total)

    def view(self, memory: npt.NDArray[np.uint8], offset: int = 0) -> npt.NDArray[Any]:
        """Return the elements in a block of bytes, from ``offset`` bytes on."""
        strides = tuple(s * self.dtype.itemsize for s in self.strides)
        array: npt.NDArray[Any] = np.ndarray(
            self.shape, self.dtype, buffer=memory, offset=offset, strides=strides
        )
        return array


def _strides(embedding: Embedding, rank: int) -> tuple[int, ...]:
    embed, stride, distance = embedding
    steps = [int(stride)]
    for k in range(rank - 1, 0, -1):
        steps.insert(0, steps[0] * int(embed[k]))
    return (int(distance), *steps)


def sides(
    lengths: tuple[int, ...],
    batch: int,
    dtypes: tuple[np.dtype[Any], np.dtype[Any]],
    source: Embedding,
    target: Embedding,
) -> tuple[str, Side, Side]:
    """
    Return the kind of a transform and its two sides.

    Args:
        lengths: The transform lengths.

        batch: The number of transforms.

        dtypes: The dtypes of the operand and of the result.

        source: The operand's embedding.

        target: The result's embedding.
    """
    kind = "2".join("C" if dtype.kind == "c" else "R" for dtype in dtypes)
    half = (*lengths[:-1], lengths[-1] // 2 + 1)
    rank = len(lengths)
    shape = half if kind == "C2R" else lengths
    first = Side(dtypes[0], (batch, *shape), _strides(source, rank))
    shape = half if kind == "R2C" else lengths
    return kind, first, Side(dtypes[1], (batch, *shape), _strides(target, rank))


def direction_of(kind: str, *, forward: bool | None = None) -> str:
    """
    Return the direction that a step of a plan records, or an empty string.

    Args:
        kind: ``"C2C"``, ``"R2C"`` or ``"C2R"``; empty before planning.

        forward: Which way an execution goes. The default is a step that does not say.
    """
    if forward is None:
        return _DIRECTIONS.get(kind, "")
    return "forward" if forward else "inverse"


def transform(
    x: npt.NDArray[Any], kind: str, lengths: tuple[int, ...], *, forward: bool
) -> npt.NDArray[Any]:
    """Transform all axes but the first, unnormalised both ways."""
    axes = tuple(range(1, 1 + len(lengths)))
    y: npt.NDArray[Any]
    if kind == "R2C":
        y = scipy.fft.rfftn(x, axes=axes)
    elif kind == "C2R":
        y = scipy.fft.irfftn(x, s=lengths, axes=axes, norm="forward")
    elif forward:
        y = scipy.fft.fftn(x, axes=axes)
    else:
        y = scipy.fft.ifftn(x, axes=axes, norm="forward")
    return y
