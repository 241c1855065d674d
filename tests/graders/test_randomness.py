"""The statistical tests of random paths, on numbers of NumPy's: what they let through.

A grading makes some hundred tests of one set of paths. Their false-alarm rates add up to
less than one in a million; what they catch is measured here for the smallest flaws that
the rubric promises.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats

from graders.device_api import groups, randomness
from graders.device_api import repetitions as double_draws
from graders.device_api.groups import group_deviations
from graders.device_api.paths import _BROAD, _LONG, _WIDE
from graders.device_api.randomness import (
    FALSE_ALARM,
    NONE,
    Relations,
    inflation,
    law_deviations,
    relations,
    threshold,
)
from graders.device_api.repetitions import repetitions
from graders.harness.errors import RubricError
from tests.graders.drawn_paths import PATHS, STEPS, Paths, draw, sequence


def test_the_false_alarm_rates_add_up() -> None:
    """All tests of one grading together fail a right program less than once in 1e6."""
    # Of the two calls whose law is judged, and whose numbers are compared by fours.
    tests = 0
    for shape in ((PATHS, STEPS), (_BROAD[0], _BROAD[1] - 1)):
        z = draw(1, *shape)
        tests += sum(1 for _ in randomness._moments(z))
        tests += sum(1 for _ in randomness._sums(z))
        tests += sum(1 for _ in randomness._every_fourth(z))
        tests += sum(1 for _ in (*groups._within_draws(z), *groups._among_paths(z)))
    # The search for relations within two calls, and between those of two seeds. That the
    # seeds are near adds none; the other seeds are compared for equal paths alone.
    searches = 3 * randomness._ALL_LAGS
    windows = 2 * (PATHS * (STEPS - 7)) ** 2
    for paths, steps in (_LONG, _BROAD):
        windows += (paths * (steps - 1 - 7)) ** 2
    # The density of a normal number's size is nowhere above 0.8.
    twins = windows * (0.8 * double_draws._GRID) ** double_draws.WINDOW
    # Two prices are equal less often than once in a million pairs: measured below. Of small
    # calls and of two large ones, paths of all seeds are compared.
    paths, steps = _WIDE
    twins += (paths**2 + (2 * paths) ** 2) * 1e-6 ** (steps - 1)
    twins += (40 * 37) ** 2 * 1e-6**5
    assert tests < 400
    assert tests * randomness.EACH_TEST + searches + twins < FALSE_ALARM


def test_sigmas_have_their_law() -> None:
    """The deviations of right paths are standard normal themselves, tails included."""
    found: dict[str, list[float]] = {}
    for seed in range(25):
        z = draw(seed, 2003, 20)
        for test in (
            *randomness._moments(z),
            *randomness._sums(z),
            *groups._within_draws(z),
            *groups._among_paths(z),
        ):
            found.setdefault(test.kind, []).append(test.sigmas)
    for kind, sigmas in found.items():
        sample = np.array(sigmas)
        assert np.max(np.abs(sample)) < 5.5, kind
        if kind in ("mean", "spread", "numbers", "sizes", "mixed", "signs"):
            assert scipy.stats.kstest(sample, "norm").pvalue > 1e-6, kind


def test_lags_have_their_law() -> None:
    """The correlations at all lags of right paths are standard normal."""
    z = draw(3, 4001, 20)
    limits = [threshold(p) for p in (1e-3, 1e-4, 1e-5)]
    for sizes in (False, True):
        scores = randomness.rank_scores(z, sizes=sizes)
        seen = np.array(
            [
                float(np.sum(scores[p:, s:] * scores[: 4001 - p, : 20 - s]))
                / np.sqrt((4001 - p) * (20 - s))
                for p in range(1, 200)
                for s in range(10)
            ]
        )
        assert abs(float(seen.std()) - 1) < 0.1
        for limit, chance in zip(limits, (1e-3, 1e-4, 1e-5), strict=True):
            assert np.sum(np.abs(seen) > limit) <= 8 + 4 * chance * seen.size


def test_right_paths_pass() -> None:
    """Independent normal numbers show nothing."""
    z, other = draw(0), draw(1000)
    assert law_deviations(z) == []
    assert not relations(z)
    assert not relations(z, other)
    assert repetitions(z) is None
    assert repetitions(z, other) is None
    assert group_deviations(z) == []


@pytest.mark.parametrize("shape", [(3, 1), (1, 60), (2, 2), (97, 30), (1009, 1)])
def test_any_shape_will_do(shape: tuple[int, int]) -> None:
    """Few paths or few steps are no error, and nothing is found in them."""
    z = draw(5, *shape)
    assert not relations(z)
    assert repetitions(z) is None
    assert group_deviations(z) == []


@pytest.mark.parametrize("shape", [(999, 41), (10007, 7)])
def test_too_few_paths_to_find_anything_in_are_an_error_of_ours(
    shape: tuple[int, int],
) -> None:
    """The searches find nothing there, which must not pass for a result."""
    randomness.expect_enough(1000, 8)
    with pytest.raises(RubricError, match="too few"):
        randomness.expect_enough(*shape)


LAWS: dict[str, tuple[Callable[[Paths], Paths], str]] = {
    "mean 0.015 too high": (lambda z: z + 0.015, "mean"),
    "spread 1.1 % too wide": (lambda z: 1.011 * z, "spread"),
    "spread 1.1 % too narrow": (lambda z: 0.989 * z, "spread"),
    "one step of 41 off by 0.1": (lambda z: z + 0.1 * (np.arange(STEPS) == 7), "mean"),
    "cut off at 3": (lambda z: np.clip(z, -3, 3), "tails"),
    "cut off at 3.5": (lambda z: np.clip(z, -3.5, 3.5), "tails"),
    "cut off at 4": (lambda z: np.clip(z, -4, 4), "tails"),
    "uniform, scaled": (
        lambda z: np.sqrt(12) * (scipy.stats.norm.cdf(z) - 0.5),
        "shape",
    ),
    "half a sigma**2 off, at sigma 0.05": (lambda z: z - 0.025, "mean"),
}


@pytest.mark.parametrize("name", LAWS)
def test_flaws_of_the_law_are_found(name: str) -> None:
    """The smallest flaws that the rubric promises to catch are caught."""
    change, kind = LAWS[name]
    found = law_deviations(change(draw(2)))
    assert kind in {deviation.kind for deviation in found}


def test_the_power_is_what_the_rubric_says() -> None:
    """A mean of 0.015 or a spread off by 1.1 % is missed less than once in a thousand."""
    limit, count = threshold(randomness.EACH_TEST), PATHS * STEPS
    missed_mean = scipy.stats.norm.cdf(limit - 0.015 * np.sqrt(count))
    missed_spread = scipy.stats.norm.cdf(limit - 0.011 * np.sqrt(2 * count))
    missed_relation = scipy.stats.norm.cdf(8.2 - 0.02 * np.sqrt(count))
    assert max(missed_mean, missed_spread, missed_relation) < 1e-3
    # Of one number in four: a mean, or a correlation with another, of 0.03; a mean of 0.02
    # where there are more paths.
    assert scipy.stats.norm.cdf(limit - 0.03 * np.sqrt(count / 4)) < 1e-3
    broad = _BROAD[0] * (_BROAD[1] - 1)
    assert scipy.stats.norm.cdf(limit - 0.02 * np.sqrt(broad / 4)) < 3e-3
    # A hundredth of the variance in common to a block's paths: sums over it have 1.3, 3.6
    # and 11 times the variance of independent ones, give or take a share.
    for block in (32, 256, 1024):
        freedom = (_BROAD[0] // block - 1) * (_BROAD[1] - 1)
        assert 0.01 * (block - 1) > (limit + 4) * np.sqrt(2 / freedom)


@pytest.mark.parametrize("first", range(4))
def test_one_number_of_four_is_told(first: int) -> None:
    """One in four steps has a mean of 0.03, or is 3 % too wide; all together hide it."""
    for change in (lambda z: z + 0.03, lambda z: 1.03 * z):
        z = draw(31 + first)
        z[:, first::4] = change(z[:, first::4])
        found = law_deviations(z)
        assert f"every fourth step from step {first + 1} on" in " ".join(
            deviation.what for deviation in found
        )


def by_fours(change: Callable[..., Paths], *places: int) -> Callable[[Paths], Paths]:
    """Change the last of the places in each four, by what stands at all of them."""

    def changed(z: Paths) -> Paths:
        result = z.copy()
        whole = z.shape[1] // 4 * 4
        result[:, places[-1] : whole : 4] = change(
            *(z[:, place:whole:4] for place in places)
        )
        return result

    return changed


def blocks_related(size: int) -> Callable[[Paths], Paths]:
    """Let so many neighbouring paths have a hundredth of their variance in common."""

    def changed(z: Paths) -> Paths:
        shared = draw(77, len(z) // size + 1)[np.arange(len(z)) // size]
        mixed: Paths = math.sqrt(0.99) * z + 0.1 * shared
        return mixed

    return changed


GROUPS: dict[str, tuple[Callable[[Paths], Paths], str]] = {
    "a correlation of 0.03": (
        by_fours(lambda x, y: math.sqrt(1 - 0.03**2) * y + 0.03 * x, 1, 2),
        "numbers",
    ),
    "a size by another size": (
        by_fours(lambda x, w: np.where(np.abs(x) > 1, 1.05, 0.97) * w, 0, 3),
        "sizes",
    ),
    "a spread 3 % more or less by a sign": (
        by_fours(lambda w, x: np.where(w > 0, 1.03, 0.97) * x, 3, 0),
        "mixed",
    ),
    "a sign by two others": (
        by_fours(lambda x, y, z: np.abs(z) * np.sign(x * y), 0, 1, 2),
        "signs",
    ),
    "a sign by three others": (
        by_fours(lambda x, y, z, w: np.abs(w) * np.sign(x * y * z), 0, 1, 2, 3),
        "signs",
    ),
    "a warp's paths": (blocks_related(32), "paths"),
    "a block's paths": (blocks_related(256), "paths"),
    "a large block's paths": (blocks_related(1024), "paths"),
}


@pytest.mark.parametrize("name", GROUPS)
def test_dependence_within_a_draw_or_a_block_is_found(name: str) -> None:
    """Which no correlation over all steps shows, or between two paths."""
    change, kind = GROUPS[name]
    found = group_deviations(change(draw(33)))
    assert {deviation.kind for deviation in found} == {kind}


def test_a_wrong_law_is_no_dependence() -> None:
    """What is wrong with the numbers themselves is told by the checks of their law."""
    for change, _ in LAWS.values():
        assert group_deviations(change(draw(34))) == []
    assert group_deviations(1.3 * draw(35) + 0.2 * np.arange(STEPS)) == []


def overlapping(z: Paths) -> Paths:
    """Let each path go one step behind the next on one sequence."""
    line = sequence(11, len(z) + STEPS)
    return line[np.arange(len(z))[:, None] + np.arange(STEPS)]


def overlapping_ends(z: Paths) -> Paths:
    """Let each path begin with the last three numbers of the one before."""
    line = sequence(12, len(z) * (STEPS - 3) + 3)
    return line[np.arange(len(z))[:, None] * (STEPS - 3) + np.arange(STEPS)]


def blocks_alike(z: Paths) -> Paths:
    """Let all blocks of 256 paths be the same."""
    return z[np.arange(len(z)) % 256]


def mirrored(z: Paths) -> Paths:
    """Let every other path be the mirror image of the one before."""
    signs = np.where(np.arange(len(z)) % 2, -1.0, 1.0)[:, None]
    return signs * z[np.arange(len(z)) // 2]


def sizes_shared(z: Paths) -> Paths:
    """Let neighbours share the sizes of their numbers, with signs of their own."""
    signs = np.sign(draw(99, len(z)))
    return signs * np.abs(z[np.arange(len(z)) // 2])


def steps_in_fours(z: Paths) -> Paths:
    """Use each number for four steps."""
    return z[:, np.arange(STEPS) // 4]


def slightly_related(z: Paths) -> Paths:
    """Give neighbouring steps a correlation of 0.02."""
    mixed = z.copy()
    mixed[:, 1:] = np.sqrt(1 - 0.02**2) * z[:, 1:] + 0.02 * z[:, :-1]
    return mixed


@pytest.mark.parametrize(
    ("change", "paths", "steps"),
    [
        (overlapping, None, None),
        (overlapping_ends, 1, STEPS - 3),
        (blocks_alike, 256, 0),
        (mirrored, 1, 0),
        (sizes_shared, 1, 0),
        (steps_in_fours, 0, 1),
        (slightly_related, 0, 1),
    ],
)
def test_relations_are_found(
    change: Callable[[Paths], Paths], paths: int | None, steps: int | None
) -> None:
    """Draws that have to do with each other are found, with how far apart they are."""
    # A weak correlation shows in many draws; the others do in fewer.
    z = change(draw(7, PATHS if change is slightly_related else 2003))
    found = relations(z)
    assert found
    if paths is not None:
        assert (found[0].paths, abs(found[0].steps)) == (paths, steps)
    # The law of the single draws is right: that they repeat must not count against it.
    assert law_deviations(z, found) == []


def test_paths_of_another_seed_are_compared() -> None:
    """The same paths, shifted ones, and a single common path are found."""
    z, other = draw(20), draw(21)
    same = relations(z, z)
    assert (same[0].paths, same[0].steps) == (0, 0)
    shifted = relations(z, np.roll(z, 5, axis=0))
    assert (abs(shifted[0].paths), shifted[0].steps) == (5, 0)
    earlier = relations(z, np.hstack([z[:, 4:], other[:, :4]]))
    assert (earlier[0].paths, abs(earlier[0].steps)) == (0, 4)
    other[3] = z[4000]
    found = repetitions(z, other)
    assert found is not None
    assert (found.first[0], found.second[0]) == (4000, 3)


def test_repeated_draws_widen_the_limits() -> None:
    """A sequence used n times over says as much of its law as one use of it."""
    z = draw(30, 2000)[np.arange(2000) % 100]
    found = relations(z)
    assert 4 < inflation(found, z.shape) < 5
    assert inflation(NONE, z.shape) == 1


def test_a_distance_widens_the_limits_once() -> None:
    """By the stronger of its two relations, and by no weak one."""
    far = {"paths": np.array([5, 5, 0, 7]), "steps": np.array([0, 0, -2, 1])}
    strengths = {
        "correlations": np.array([-0.5, 0.9, 0.4, 0.1]),
        "sigmas": np.array([50.0, 90.0, 40.0, 10.0]),
        "sizes": np.array([False, True, False, False]),
    }
    widened = inflation(Relations(**far, **strengths), (20, 8))
    share = 0.9 * (1 - 5 / 20) + 0.4 * (1 - 2 / 8)
    assert widened == pytest.approx(math.sqrt(1 + 2 * share))


def test_a_million_relations_are_kept_as_columns() -> None:
    """Where all paths are one, any two of them are related: the strongest come first."""
    found = relations(np.tile(draw(31, 1), (10007, 1)))
    assert len(found) > 200_000
    assert (np.diff(np.abs(found.sigmas)) <= 0).all()
    assert (found[0].steps, found[0].sizes) == (0, False)
    assert isinstance(found[0].paths, int)
    assert [found[i].sigmas for i in range(3)] == list(found.sigmas[:3])
    assert law_deviations(np.tile(draw(31, 1), (10007, 1)), found) == []
