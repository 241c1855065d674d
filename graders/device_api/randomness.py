"""Statistical tests of random paths: whether draws are normal and independent.

Every test has a known law under the null hypothesis. The chance that a right program
fails any of them in one grading is below :data:`FALSE_ALARM`, a sum over all tests. What
they catch is measured in ``tests/graders/test_randomness.py``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.special

from graders.device_api.repetitions import WINDOW
from graders.harness.errors import RubricError

Array = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float32]

#: Chance that a right program fails a statistical check in one grading, at most.
FALSE_ALARM = 1e-6
#: What is spent of it on each test of the law of the steps, or of groups of them: a grading
#: has some 320, so that their sum stays below.
EACH_TEST = 1e-9
_ALL_LAGS = 1e-7  # of each search over all lags, of which there are at most four
_FEWEST_PAIRS = 2000
# Beyond these a normal number lies once in 3100 and once in 17000: among 400000 of them a
# law that ends at 3.5 or at 4 shows, whose moments are nearly right.
_FAR_OUT = (3.6, 4.02)
_LEAST = 8.0  # standard deviations: about the limit for as many lags as there can be
_WEAK = 0.15  # a correlation that widens nothing, or comes of other ones
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


@dataclass(frozen=True, eq=False)
class Relations:
    """
    Relations, the strongest first. There may be millions: where all paths are one.

    Attributes:
        paths: Of each, as for :class:`Relation`.

        steps: Likewise.

        correlations: Likewise.

        sigmas: Likewise.

        sizes: Likewise.
    """

    paths: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    correlations: Array
    sigmas: Array
    sizes: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Relation:
        """Return one of them."""
        return Relation(
            int(self.paths[index]),
            int(self.steps[index]),
            float(self.correlations[index]),
            float(self.sigmas[index]),
            bool(self.sizes[index]),
        )


#: No relations at all.
NONE = Relations(*(np.empty(0, kind) for kind in (int, int, float, float, bool)))


def expect_enough(paths: int, steps: int) -> None:
    """
    Make sure that the tests below can find something in paths of this number and length.

    Args:
        paths: How many.

        steps: How many draws each.

    Raises:
        RubricError: They are fewer than a search needs, which would then find nothing.
    """
    if paths < FEWEST_PATHS or steps < WINDOW:
        msg = (
            f"limits: {paths} paths of {steps} draws are too few for the statistical "
            f"checks; they need {FEWEST_PATHS} paths of {WINDOW} draws or more"
        )
        raise RubricError(msg)


def law_deviations(z: Array, related: Relations = NONE) -> list[Deviation]:
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


def inflation(related: Relations, shape: tuple[int, ...]) -> float:
    """Return by how much relations between draws widen the spread of their mean."""
    paths, steps = shape
    strong = np.abs(related.correlations) >= _WEAK
    apart, beside = related.paths[strong], related.steps[strong]
    shares = (1 - apart / paths) * (1 - np.abs(beside) / steps)
    shares *= np.minimum(1.0, np.abs(related.correlations[strong]))
    # The numbers and their sizes may be related at the same distance: it counts once.
    distances = apart.astype(np.int64) * (2 * steps) + beside
    order = np.lexsort((-shares, distances))
    _, firsts = np.unique(distances[order], return_index=True)
    return math.sqrt(1 + 2 * float(shares[order][firsts].sum()))


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
    z: Array, other: Array | None = None, known: Relations = NONE
) -> Relations:
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
        return NONE
    wider = inflation(known, z.shape)
    found = []
    for sizes in (False, True):
        mine = rank_scores(z, sizes=sizes)
        theirs = mine if other is None else rank_scores(other, sizes=sizes)
        found.append(_related(mine, theirs, same=other is None, sizes=sizes))
    columns = [np.concatenate(parts) for parts in zip(*found, strict=True)]
    sigmas = np.abs(columns[3])
    order = np.argsort(-sigmas, kind="stable")
    order = order[sigmas[order] > wider * _LEAST]
    return Relations(*(column[order] for column in columns))


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
) -> tuple[npt.NDArray[Any], ...]:
    """Return the columns of :class:`Relations`, in no order."""
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
    i, j = np.nonzero(tested & (np.abs(scaled) > limit))
    correlations = (table[i, j] / pairs[i, j]).astype(np.float64)
    sigmas = scaled[i, j].astype(np.float64)
    return apart[i], beside[j], correlations, sigmas, np.full(len(i), sizes)
