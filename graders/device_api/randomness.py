"""Statistical tests of random paths: whether draws are normal and independent.

Every test has a known law under the null hypothesis. The chance that a right program
fails any of them in one grading is below :data:`FALSE_ALARM`, a sum over all tests. What
they catch is measured in ``tests/graders/test_randomness.py``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.special

from graders.harness.errors import RubricError

Array = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float32]

#: Chance that a right program fails a statistical check in one grading, at most.
FALSE_ALARM = 1e-6
#: What is spent of it on each test of the law of the steps, or of groups of them: a grading
#: has some 320, so that their sum stays below.
EACH_TEST = 1e-9
_ALL_LAGS = 1e-7  # of each search over all lags, of which there are at most four
# Windows of numbers that agree to a grid of this width are taken to be the same draws.
_GRID = 0.005
_WINDOW = 8
_FEWEST_PAIRS = 2000
# Beyond these a normal number lies once in 3100 and once in 17000: among 400000 of them a
# law that ends at 3.5 or at 4 shows, whose moments are nearly right.
_FAR_OUT = (3.6, 4.02)
_LEAST = 8.0  # standard deviations: about the limit for as many lags as there can be
_WEAK = 0.15  # a correlation that widens nothing, or comes of other ones
_FEWEST_VALUES = 500
#: Of these on, the ranks of paths have their law for many.
FEWEST_PATHS = 1000


@dataclass(frozen=True)
class Deviation:
    """
    Something that is further from its expected value than chance explains.

    Attributes:
        what: What was measured, such as ``"the mean of z at step 7"``.

        seen: Its value.

        expected: What it should be.

        sigmas: By how many standard deviations it is off.

        kind: ``"mean"``, ``"spread"``, ``"skew"``, ``"tails"``, ``"shape"``.
    """

    what: str
    seen: float
    expected: float
    sigmas: float
    kind: str


@dataclass(frozen=True)
class Relation:
    """
    Two numbers that should have nothing to do with each other and do.

    Attributes:
        paths: How many paths apart they are.

        steps: How many steps apart they are; may be negative.

        correlation: Of their ranks, or of the ranks of their sizes.

        sigmas: By how many standard deviations it is off zero.

        sizes: Whether the sizes are related, not the numbers themselves.
    """

    paths: int
    steps: int
    correlation: float
    sigmas: float
    sizes: bool


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


def expect_enough(paths: int, steps: int) -> None:
    """
    Make sure that the tests below can find something in paths of this number and length.

    Args:
        paths: How many.

        steps: How many draws each.

    Raises:
        RubricError: They are fewer than a search needs, which would then find nothing.
    """
    if paths < FEWEST_PATHS or steps < _WINDOW or paths * steps < _FEWEST_VALUES:
        msg = (
            f"limits: {paths} paths of {steps} draws are too few for the statistical "
            f"checks; they need {FEWEST_PATHS} paths of {_WINDOW} draws or more"
        )
        raise RubricError(msg)


def law_deviations(z: Array, related: Sequence[Relation] = ()) -> list[Deviation]:
    """
    Return what in the numbers of paths is not as in standard normal ones.

    Args:
        z: One row a path, one column a step.

        related: What :func:`relations` found in them. Draws that repeat say less about
            their law than independent ones: the limits are then wider.
    """
    limit = threshold(EACH_TEST) * inflation(related, z.shape)
    tests = _moments(z)
    if not related:
        tests = itertools.chain(tests, _sums(z), _every_fourth(z))
    return [d for d in tests if abs(d.sigmas) > limit]


def inflation(related: Sequence[Relation], shape: tuple[int, ...]) -> float:
    """Return by how much relations between draws widen the spread of their mean."""
    paths, steps = shape
    strongest: dict[tuple[int, int], float] = {}
    for relation in related:
        if abs(relation.correlation) < _WEAK:
            continue
        apart = (relation.paths, relation.steps)
        share = (1 - relation.paths / paths) * (1 - abs(relation.steps) / steps)
        strongest[apart] = max(
            strongest.get(apart, 0.0), share * min(1.0, abs(relation.correlation))
        )
    return math.sqrt(1 + 2 * sum(strongest.values()))


def threshold(chance: float) -> float:
    """Return how many standard deviations either way a normal number exceeds so rarely."""
    return float(-scipy.special.ndtri(chance / 2))


def _moments(z: Array) -> Iterator[Deviation]:
    count = z.size
    yield _mean(z.ravel(), "the mean of z over all paths and steps")
    yield _spread(z.ravel(), "the spread of z over all paths and steps")
    # Hermite polynomials of a normal number have mean 0 and variance k!.
    third = float(np.mean(z**3 - 3 * z)) * math.sqrt(count / 6)
    centred = z - z.mean()
    variance = float(np.mean(centred**2)) or math.nan
    skew = float(np.mean(centred**3)) / variance**1.5
    yield Deviation("the skewness of z", skew, 0.0, third, "skew")
    fourth = float(np.mean(z**4 - 6 * z**2 + 3)) * math.sqrt(count / 24)
    tails = float(np.mean(centred**4)) / variance**2 - 3
    yield Deviation("the excess kurtosis of z", tails, 0.0, fourth, "tails")
    for limit in _FAR_OUT:
        yield _far_out(z, limit)
    yield _shape(z.ravel())
    for step in range(z.shape[1]):
        yield _mean(z[:, step], f"the mean of z at step {step + 1}")
        yield _spread(z[:, step], f"the spread of z at step {step + 1}")


def _sums(z: Array) -> Iterator[Deviation]:
    """Test the logarithms of prices, which have mean j mu and spread sqrt(j) sigma."""
    steps = z.shape[1]
    sums = np.cumsum(z, axis=1)
    for step in sorted({steps // 4, steps // 2, steps - 1} - {0}):
        total = sums[:, step] / math.sqrt(step + 1)
        where = f"after {step + 1} steps, scaled by its law"
        yield _mean(total, f"the mean of the logarithm of the price {where}")
        yield _spread(total, f"the spread of the logarithm of the price {where}")


def _every_fourth(z: Array) -> Iterator[Deviation]:
    """Test one in four steps: a draw may give four numbers, of which one is wrong."""
    for first in range(min(4, z.shape[1])):
        sample = z[:, first::4].ravel()
        where = f"every fourth step from step {first + 1} on"
        yield _mean(sample, f"the mean of z in {where}")
        yield _spread(sample, f"the spread of z in {where}")
        for limit in _FAR_OUT:
            yield _far_out(sample, limit, where)


def _mean(sample: Array, what: str) -> Deviation:
    mean = float(sample.mean())
    return Deviation(what, mean, 0.0, mean * math.sqrt(sample.size), "mean")


def _spread(sample: Array, what: str) -> Deviation:
    squares = float(np.dot(sample, sample))
    count = sample.size
    # Of the chi-square law, either way.
    above = float(scipy.special.chdtrc(count, squares))
    chance = min(above, float(scipy.special.chdtr(count, squares)))
    sign = 1.0 if squares > count else -1.0
    return Deviation(
        what, math.sqrt(squares / count), 1.0, sign * sigmas_of(chance), "spread"
    )


def _far_out(sample: Array, limit: float, where: str = "all steps") -> Deviation:
    """Test by the binomial law how many numbers lie beyond a limit, either way."""
    found, count = int(np.sum(np.abs(sample) > limit)), sample.size
    share = 2.0 * float(scipy.special.ndtr(-limit))
    below = float(scipy.special.bdtr(found, count, share))
    above = float(scipy.special.bdtrc(found - 1, count, share)) if found else 1.0
    sign = 1.0 if above < below else -1.0
    return Deviation(
        f"the number of z beyond {limit:g} either way in {where}",
        found,
        share * count,
        sign * max(0.0, sigmas_of(min(above, below))),
        "tails",
    )


def _shape(sample: Array) -> Deviation:
    """Kolmogorov's test, with the law for many values."""
    count = sample.size
    law = scipy.special.ndtr(np.sort(sample))
    steps = np.arange(count + 1) / count
    largest = float(max(np.max(steps[1:] - law), np.max(law - steps[:-1])))
    chance = float(scipy.special.kolmogorov(largest * math.sqrt(count)))
    what = "the largest difference between its distribution and the normal one"
    return Deviation(what, largest, 0.0, sigmas_of(chance / 2), "shape")


def sigmas_of(chance: float) -> float:
    """Return the standard deviations that a one-sided chance stands for."""
    return float(-scipy.special.ndtri(max(chance, 1e-300)))


def relations(
    z: Array, other: Array | None = None, known: Sequence[Relation] = ()
) -> list[Relation]:
    """
    Return the pairs of places, at any distance, whose numbers are related.

    Correlations of ranks are compared with zero for each distance in paths and in steps,
    all at once by a two-dimensional transform: once of the numbers, once of their sizes.
    The law of ranks needs no normal numbers, but a thousand paths or more.

    Args:
        z: One row a path, one column a step.

        other: Paths of another call, of the same shape: then its places are compared with
            those of ``z``. The default is ``z`` itself.

        known: What was found within ``z``: it widens the limits between the two.
    """
    if len(z) < FEWEST_PATHS:
        return []
    found: list[Relation] = []
    wider = inflation(known, z.shape)
    for sizes in (False, True):
        mine = rank_scores(z, sizes=sizes)
        theirs = mine if other is None else rank_scores(other, sizes=sizes)
        found += _related(mine, theirs, same=other is None, sizes=sizes)
    found = [relation for relation in found if abs(relation.sigmas) > wider * _LEAST]
    return sorted(found, key=lambda relation: -abs(relation.sigmas))


def rank_scores(z: Array, *, sizes: bool) -> Scores:
    """Return ranks within each step, scaled to mean 0 and variance 1."""
    paths = len(z)
    places = np.arange(paths, dtype=np.float32)
    levels = (places + 0.5) / paths - 0.5
    if sizes:
        levels = 2 * np.abs(levels) - 0.5
    levels *= math.sqrt(12)
    scores = np.empty((z.shape[1], paths), dtype=np.float32)
    for column, score in zip(z.T, scores, strict=True):
        score[np.argsort(column)] = levels
    return scores.T


def _related(
    mine: Scores, theirs: Scores, *, same: bool, sizes: bool
) -> list[Relation]:
    paths, steps = mine.shape
    lengths = (2 * paths - 1, 2 * steps - 1)
    shape = tuple(scipy.fft.next_fast_len(length, real=True) for length in lengths)
    first = scipy.fft.rfft2(mine, shape)
    second = first if same else scipy.fft.rfft2(theirs, shape)
    sums = scipy.fft.irfft2(first.conj() * second, shape)
    # Lags up to the length go forward, the others stand at the end.
    apart = np.concatenate([np.arange(paths), np.arange(1 - paths, 0)])
    beside = np.concatenate([np.arange(steps), np.arange(1 - steps, 0)])
    table = sums[np.ix_(apart, beside)]
    pairs = np.outer(paths - np.abs(apart), steps - np.abs(beside)).astype(np.float32)
    tested = pairs >= min(_FEWEST_PAIRS, pairs.max() / 2)
    if same:
        # Each pair of places occurs twice, and each place is like itself.
        tested &= (apart[:, None] > 0) | ((apart[:, None] == 0) & (beside > 0))
    scaled = table / np.sqrt(pairs)
    limit = threshold(_ALL_LAGS / 2 / max(1, int(tested.sum())))
    hits = np.argwhere(tested & (np.abs(scaled) > limit))
    return [
        Relation(
            int(apart[i]),
            int(beside[j]),
            float(table[i, j] / pairs[i, j]),
            float(scaled[i, j]),
            sizes,
        )
        for i, j in hits
    ]


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
    if min(block.shape[1] for block in blocks) < _WINDOW:
        return None
    keys = np.concatenate([_keys(block).ravel() for block in blocks])
    order = np.argsort(keys, kind="stable")
    sorted_keys = keys[order]
    twins = np.flatnonzero(sorted_keys[1:] == sorted_keys[:-1])
    split = keys.size - blocks[-1].shape[0] * (blocks[-1].shape[1] - _WINDOW + 1)
    if other is not None:
        crossing = (order[twins] < split) != (order[twins + 1] < split)
        twins = twins[crossing]
    if not twins.size:
        return None
    width = z.shape[1] - _WINDOW + 1
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
    width = z.shape[1] - _WINDOW + 1
    keys = np.zeros((len(z), width), dtype=np.uint64)
    for k in range(_WINDOW):
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
