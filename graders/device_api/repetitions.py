"""Draws that occur twice: within a path, in two paths, in two calls.

What correlations cannot show, because only a few draws are shared. Independent draws agree
so rarely that no test of chance is needed; how rarely, each function says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# Windows of numbers that agree to a grid of this width are taken to be the same draws.
_GRID = 0.005
#: So many draws in a row are a window.
WINDOW = 8
_FEWEST_VALUES = 500


@dataclass(frozen=True)
class Repetition:
    """
    The same draws at two places.

    Attributes:
        first: Path and step of the one.

        second: Path and step of the other.

        windows: How many windows of draws occur more than once; how many paths, if these
            were compared.

        turned: Whether they have other signs there.
    """

    first: tuple[int, int]
    second: tuple[int, int]
    windows: int
    turned: bool = False


@dataclass(frozen=True)
class Common:
    """Two calls, by their numbers, and how many paths they have in common."""

    first: int
    second: int
    paths: int


def repetitions(z: Array, other: Array | None = None) -> Repetition | None:
    """
    Return a sequence of draws that occurs twice, wherever it is, or None.

    Paths that share a few draws with one other path alone do not show in any
    correlation, and antithetic ones, whose signs are turned, share them too. The sizes in
    two windows of eight draws agree by chance once in 1e20 pairs.

    Args:
        z: One row a path, one column a step.

        other: Paths of another call; windows of the one are then looked for in the other.
    """
    # Scaled to a spread of 1: draws that are too close together, by a wrong sigma say,
    # agree to the grid by chance. Their law is judged elsewhere.
    spread = float(z.std()) or 1.0
    blocks = [block / spread for block in ([z] if other is None else [z, other])]
    if min(block.shape[1] for block in blocks) < WINDOW:
        return None
    keys = np.concatenate([_keys(block).ravel() for block in blocks])
    order = np.argsort(keys, kind="stable")
    sorted_keys = keys[order]
    twins = np.flatnonzero(sorted_keys[1:] == sorted_keys[:-1])
    split = keys.size - blocks[-1].shape[0] * (blocks[-1].shape[1] - WINDOW + 1)
    if other is not None:
        crossing = (order[twins] < split) != (order[twins + 1] < split)
        twins = twins[crossing]
    if not twins.size:
        return None
    width = z.shape[1] - WINDOW + 1
    earliest = twins[np.argmin(np.minimum(order[twins], order[twins + 1]))]
    places = sorted(int(order[earliest + k]) for k in (0, 1))
    spots = [divmod(place - split * (place >= split > 0), width) for place in places]
    z_there = z if other is None or places[1] < split else other
    return Repetition(
        spots[0],
        spots[1],
        int(twins.size),
        turned=bool(np.sign(z[spots[0]]) != np.sign(z_there[spots[1]])),
    )


def repeated_paths(price: Array) -> Repetition | None:
    """
    Return two paths whose prices are the same to the last digit, or None.

    It takes fewer draws than a window has: two independent float32 prices are the same
    less often than once in a million pairs, and four in a row once in 1e24.

    Args:
        price: One row a path, one column a step.
    """
    order = np.lexsort(price.T)
    twins = np.flatnonzero((price[order[1:]] == price[order[:-1]]).all(axis=1))
    if not twins.size:
        return None
    pairs = np.sort(np.stack([order[twins], order[twins + 1]]), axis=0)
    first, second = (int(path) for path in pairs[:, np.argmin(pairs[0])])
    return Repetition((first, 0), (second, 0), int(twins.size))


def common_paths(calls: Sequence[Array]) -> Common | None:
    """
    Return the two calls that have the most paths in common, or None.

    Args:
        calls: The prices of each, one row a path; compared to the last digit, wherever
            the paths are. A path that one call has twice counts once.
    """
    rows = [np.unique(price, axis=0) for price in calls]
    price = np.concatenate(rows)
    owner = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    order = np.lexsort(price.T)
    twins = np.flatnonzero((price[order[1:]] == price[order[:-1]]).all(axis=1))
    if not twins.size:
        return None
    pairs = np.sort(owner[np.stack([order[twins], order[twins + 1]])], axis=0)
    found, counts = np.unique(pairs, axis=1, return_counts=True)
    most = int(np.argmax(counts))
    return Common(int(found[0, most]), int(found[1, most]), int(counts[most]))


def _keys(z: Array) -> npt.NDArray[np.uint64]:
    """Return a number for each window that draws of equal sizes have in common."""
    cells = np.floor(np.abs(z) / _GRID).astype(np.int64).astype(np.uint64)
    width = z.shape[1] - WINDOW + 1
    keys = np.zeros((len(z), width), dtype=np.uint64)
    for k in range(WINDOW):
        # Polynomial hashing modulo 2**64: the odd factor keeps every digit.
        keys = keys * np.uint64(0x9E3779B97F4A7C15) + cells[:, k : k + width]
        keys ^= keys >> np.uint64(29)
    return keys


def smallest_gap(values: Sequence[float] | npt.NDArray[np.floating]) -> float:
    """
    Return the smallest relative distance between two different values.

    It is 0 where there are too few of them to come close to each other.
    """
    unique = np.unique(np.asarray(values, dtype=np.float64))
    if unique.size < _FEWEST_VALUES:
        return 0.0
    return float(np.min(np.diff(unique) / np.abs(unique[1:])))
