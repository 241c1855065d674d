"""Statistical tests of draws by fours and of neighbouring paths.

A draw gives up to four numbers, which a program uses one after the other: what is wrong
with one of them is diluted fourfold among all. Like the tests in ``randomness``, each of
these has a known law, and their false-alarm rates are added up there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import scipy.special

from graders.device_api.randomness import (
    EACH_TEST,
    FEWEST_PATHS,
    Array,
    Deviation,
    Scores,
    rank_scores,
    sigmas_of,
    threshold,
)

#: How many numbers a draw gives at most.
GROUP = 4
# Numbers of one group, by their places after the first, whose signs are multiplied.
_TOGETHER = ((1, 2), (1, 3), (2, 3), (1, 2, 3))
# Paths that one warp computes, a block, and the largest block.
_BLOCKS = (32, 256, 1024)
_FEWEST_BLOCKS = 4


def group_deviations(z: Array) -> list[Deviation]:
    """
    Return which numbers of a draw, or of neighbouring paths, have to do with each other.

    Args:
        z: One row a path, one column a step.
    """
    if len(z) < FEWEST_PATHS:
        return []
    limit = threshold(EACH_TEST)
    return [d for d in (*_within_draws(z), *_among_paths(z)) if abs(d.sigmas) > limit]


def _within_draws(z: Array) -> Iterator[Deviation]:
    """
    Test numbers of four steps in a row, by the step that such a row begins at.

    Ranks within a step are a permutation that no other step's has to do with: the mean of
    a product of theirs is normal with variance 1 / count, and so it is for signs.
    """
    numbers = rank_scores(z, sizes=False).T
    sizes = rank_scores(z, sizes=True).T
    signs = np.sign(numbers)
    for first in range(GROUP):
        for apart in range(1, GROUP):
            where = (
                f"{_steps(apart)} apart, the first of them at {_every_fourth(first)}"
            )
            for kind, one, two, what in (
                ("numbers", numbers, numbers, "numbers z"),
                ("sizes", sizes, sizes, "sizes of numbers z"),
                ("mixed", numbers, sizes, "a number z and the size of a later one"),
                ("mixed", sizes, numbers, "the size of a number z and a later one"),
            ):
                yield _mean_product(
                    [one[first::GROUP], two[first + apart :: GROUP]],
                    f"the correlation between {what}, {where}",
                    kind,
                )
        for places in _TOGETHER:
            steps = ", ".join(str(first + place + 1) for place in (0, *places))
            yield _mean_product(
                [signs[first + place :: GROUP] for place in (0, *places)],
                f"the mean product of the signs of z at steps {steps} and every four "
                "steps on",
                "signs",
            )


def _mean_product(factors: list[Scores], what: str, kind: str) -> Deviation:
    whole = min(len(factor) for factor in factors)
    product = np.prod([factor[:whole] for factor in factors], axis=0, dtype=np.float64)
    mean = float(product.mean()) if product.size else 0.0
    return Deviation(what, mean, 0.0, mean * math.sqrt(product.size), kind)


def _among_paths(z: Array) -> Iterator[Deviation]:
    """
    Test sums over neighbouring paths, which what they have in common makes larger.

    Of each step the mean is subtracted and the spread divided out: these are judged
    elsewhere. The sums of squares have the chi-square law.
    """
    paths, steps = z.shape
    for block in _BLOCKS:
        count = paths // block
        if count < _FEWEST_BLOCKS:
            continue
        whole = z[: count * block] - z[: count * block].mean(axis=0)
        spread = np.sqrt(np.mean(whole**2, axis=0))
        sums = (whole / np.where(spread > 0, spread, 1.0)).reshape(count, block, steps)
        squares = float(np.sum(sums.sum(axis=1) ** 2)) / block
        freedom = (count - 1) * steps
        above = float(scipy.special.chdtrc(freedom, squares))
        chance = min(above, float(scipy.special.chdtr(freedom, squares)))
        yield Deviation(
            f"the variance of sums over {block} neighbouring paths, by that of one,",
            squares / freedom,
            1.0,
            math.copysign(max(0.0, sigmas_of(chance)), squares - freedom),
            "paths",
        )


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"


def _every_fourth(first: int) -> str:
    return f"step {first + 1}, {first + 1 + GROUP}, {first + 1 + 2 * GROUP}, ..."
