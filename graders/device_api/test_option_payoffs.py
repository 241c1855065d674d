"""The checks of ``option_payoffs``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from graders.device_api.groups import group_deviations
from graders.device_api.launches import (
    expect_device_calls,
    expect_in_bounds,
    expect_made_there,
    expect_no_other_draws,
)
from graders.device_api.paths import (
    Case,
    Payoffs,
    broad_case,
    draw_cases,
    expect_alike,
    expect_first_price,
    expect_floor,
    expect_no_gaps,
    expect_written,
    long_case,
    main_case,
    read_payoffs,
    wide_case,
)
from graders.device_api.randomness import (
    Relations,
    expect_enough,
    law_deviations,
    relations,
)
from graders.device_api.repetitions import (
    common_paths,
    repeated_paths,
    repetitions,
    smallest_gap,
)
from graders.device_api.verdicts import (
    expect_moving,
    raise_for_common_paths,
    raise_for_group,
    raise_for_law,
    raise_for_other_paths,
    raise_for_relation,
    raise_for_repeated_path,
    raise_for_repetition,
    raise_for_same_paths,
    raise_for_seed,
)
from graders.harness.checks import (
    Learner,
    Observation,
    expect_array,
    expect_faster,
    expect_ready,
    expect_settled,
    turned,
)

# Seeds are less than this.
_SEEDS = 2**31
# Bytes of a path: a seed of its own has fewer. Bytes of all: parameters have fewer.
_MORE_THAN_SEEDS = 24
_MORE_THAN_PARAMETERS = 1024
# Seeds of small calls, beside 0 and 1: one, those that differ from it in a single bit, and
# those that are the same modulo a million or a thousand.
_HIGH_BIT = 2**29  # set in that one: in single precision its lowest bit would be lost
_BITS = 31
_SAME_MODULO = (64 * 10**6, 1000 * 2**20)
# Those, and some that a program may take where it is given none.
_SMALL_SEEDS = (42, 123, 1234, 12345, 1, 0)
# With so many draws, or more, no two paths are the same by chance.
_DRAWS = 5
# Paths that two seeds may have in common, and their share: generators that have a seed of
# 31 bits each, drawn from the one given, meet once in 10000 gradings; paths whose draws are
# all the same, which is another check's, meet more often.
_BY_CHANCE, _SHARE_BY_CHANCE = 2, 0.01

Draw = Callable[[str], np.random.Generator]
Limits = Mapping[str, Any]


@pytest.fixture(scope="module")
def cases(draw: Draw) -> list[Case]:
    """Return small cases, drawn once: calls with equal arguments are made once."""
    return draw_cases(draw("cases"))


@pytest.fixture(scope="module")
def main(draw: Draw, limits: Limits) -> Case:
    """Return the case that the statistical checks look at."""
    paths, steps = int(limits["paths"]), int(limits["steps"])
    expect_enough(paths, steps - 1)
    return main_case(draw("main"), paths, steps)


@pytest.fixture(scope="module")
def long(draw: Draw) -> Case:
    """Return a case in whose paths draws are looked for that occur again later."""
    return long_case(draw("long"))


@pytest.fixture(scope="module")
def broad(draw: Draw) -> Case:
    """Return a case among whose many paths draws are looked for that occur again."""
    return broad_case(draw("broad"))


@pytest.fixture(scope="module")
def wide(draw: Draw) -> Case:
    """Return a case among whose paths those are looked for that occur again."""
    return wide_case(draw("wide"))


@pytest.fixture(scope="module")
def study(oracles: ModuleType) -> Study:
    """Return what works out the draws behind prices; its searches are made once."""
    return Study(oracles)


class Study:
    """
    The draws behind the prices of a call, and how they are related.

    Args:
        oracles: The assignment's oracles.
    """

    def __init__(self, oracles: ModuleType) -> None:
        self._oracles = oracles
        self._normals: dict[int, tuple[Observation, Payoffs]] = {}
        self._relations: dict[int, Relations] = {}

    def normals(self, observation: Observation, case: Case) -> Payoffs:
        """Return the numbers that were drawn."""
        key = id(observation)  # which is another's once this one is gone: it is kept
        if key not in self._normals:
            price = np.maximum(_prices(observation, case), np.finfo(np.float32).tiny)
            z = np.asarray(self._oracles.normals(price, case.mu, case.sigma))
            self._normals[key] = (observation, z)
        return self._normals[key][1]

    def relations(self, observation: Observation, case: Case) -> Relations:
        """Return which of them have to do with each other."""
        z, key = self.normals(observation, case), id(observation)
        if key not in self._relations:
            self._relations[key] = relations(z)
        return self._relations[key]


def test_device_api(learner: Learner, cases: list[Case]) -> None:
    """A kernel of numba-cuda draws with nvmath.device.random."""
    name = "a generator of nvmath.device.random"
    for case in cases:
        if case.n_steps > 1:  # a single price needs no draw
            seen = _simulate(learner, case)
            expect_device_calls(seen, "random", name, case.where)
        result = 4 * case.n_paths * case.n_steps
        if result >= max(_MORE_THAN_PARAMETERS, _MORE_THAN_SEEDS * case.n_paths):
            seen = _simulate(learner, case)
            expect_made_there(seen, result, case.where)
            draws = case.n_paths * (case.n_steps - 1)
            expect_no_other_draws(seen, draws, case.where)


def test_arrays(learner: Learner, cases: list[Case]) -> None:
    """Call and put are float32 arrays on the GPU, a row a path and a column a step."""
    for case in cases:
        found = read_payoffs(_simulate(learner, case).value, case)
        for name, value in (("call", found.call), ("put", found.put)):
            expect_array(
                value,
                shape=(case.n_paths, case.n_steps),
                dtype="float32",
                memory_space="cuda",
                name=f"{name} ({case.where})",
            )


def test_payoffs(
    learner: Learner,
    cases: list[Case],
    main: Case,
    long: Case,
    broad: Case,
    wide: Case,
    limits: Limits,
) -> None:
    """Call and put belong to one price at every step, and the first price is s0."""
    for case in (*cases, main, long, broad, wide):
        observation = _simulate(learner, case)
        expect_in_bounds(observation, case.where)
        expect_ready(observation)
        call, put = _values(observation, case)
        expect_written(call, put, case)
        tolerance = limits["rounding"] * (case.s0 + case.strike + case.premium)
        expect_first_price(call, put, case, tolerance)
        expect_floor(call, put, case, tolerance)
        expect_settled(observation)
    call, put = _values(_simulate(learner, main), main)
    price = main.strike + (call - put)[:, 1:]
    expect_no_gaps(smallest_gap(price), limits["coarse"])


def test_distribution(learner: Learner, main: Case, broad: Case, study: Study) -> None:
    """Every step is a normal draw, with mean mu and spread sigma of the logarithm."""
    for case in (main, broad):
        seen = _simulate(learner, case)
        z = study.normals(seen, case)
        expect_moving(z, case)
        found = law_deviations(z, study.relations(seen, case))
        if found:
            raise_for_law(found, case)


def test_independence(
    learner: Learner,
    cases: list[Case],
    main: Case,
    long: Case,
    broad: Case,
    wide: Case,
    study: Study,
) -> None:
    """No draw depends on another, of its own path or of any other."""
    for case in (main, long, broad):
        seen = _simulate(learner, case)
        expect_moving(study.normals(seen, case), case)
        again = repetitions(study.normals(seen, case))
        related = study.relations(seen, case)
        if related:
            raise_for_relation(related, again, case)
        if again is not None:
            raise_for_repetition(again, case)
    for case in (wide, *(c for c in (*cases, _few(main, 1)) if c.n_steps > _DRAWS)):
        same = repeated_paths(_prices(_simulate(learner, case), case)[:, 1:])
        if same is not None:
            raise_for_repeated_path(same, case)
    for case in (main, broad):
        found = group_deviations(study.normals(_simulate(learner, case), case))
        if found:
            raise_for_group(found, case)


def test_seed(learner: Learner, main: Case, wide: Case, study: Study) -> None:
    """The same seed gives the same paths, another seed gives others."""
    first = _simulate(learner, main)
    expect_settled(first)
    _expect_same_again(learner, main)
    expect_moving(study.normals(first, main), main)
    call, put = _values(first, main)
    other = replace(main, seed=main.other_seed)
    second = _simulate(learner, other)
    call_other, put_other = _values(second, other)
    if np.array_equal(call, call_other) and np.array_equal(put, put_other):
        raise_for_same_paths(main)
    expect_settled(second)
    _expect_all_of_the_seed(learner, main)
    # So many paths that the last ones may have been given the next seed.
    _expect_own_paths(learner, wide, (wide.seed, wide.seed ^ 1))
    z, z_other = study.normals(first, main), study.normals(second, other)
    known = study.relations(first, main)
    # Draws that repeat within a call would be found again here, and are not this check's.
    again = None if known else repetitions(z, z_other)
    raise_for_seed(relations(z, z_other, known), again, main)


def _expect_same_again(learner: Learner, case: Case) -> None:
    """Judge that a second call with the same seed gives the same paths."""
    call, put = _values(_simulate(learner, case), case)
    again = learner.call("simulate", *case.arguments, fresh=True)
    call_again, put_again = _values(again, case)
    if not (np.array_equal(call, call_again) and np.array_equal(put, put_again)):
        shares = (np.mean(call != call_again), np.mean(put != put_again))
        raise_for_other_paths(float(max(shares)), case)
    expect_settled(again)


def _expect_all_of_the_seed(learner: Learner, main: Case) -> None:
    """Judge that seeds give other paths which differ in a few of their digits."""
    case = _few(main, main.seed)
    _expect_own_paths(learner, case, (*seeds_near(main.seed), *_SMALL_SEEDS))
    # 0 is a seed like any other: in a condition it counts as none. Asked for twice in a
    # row, a program that keeps its results returns arrays that are not new.
    _expect_same_again(learner, replace(case, seed=0))


def _few(main: Case, seed: int) -> Case:
    """Return a case of few paths, fewer than a block has threads."""
    return replace(main, n_paths=37, n_steps=6, seed=seed)


def seeds_near(seed: int) -> list[int]:
    """Return a seed and others that some use of a seed cannot tell from it."""
    one = seed | _HIGH_BIT
    bits = [one ^ 2**bit for bit in range(_BITS)]
    return [one, *bits, *(one + step for step in _SAME_MODULO)]


def _expect_own_paths(learner: Learner, case: Case, seeds: Sequence[int]) -> None:
    """Judge that no seed gives paths of another one, at whatever places."""
    cases = [replace(case, seed=seed) for seed in seeds]
    prices = [_prices(_simulate(learner, x), x)[:, 1:] for x in cases]
    common = common_paths(prices)
    by_chance = max(_BY_CHANCE, _SHARE_BY_CHANCE * case.n_paths)
    if common is None or common.paths <= by_chance:
        return
    found = replace(case, seed=seeds[common.first], other_seed=seeds[common.second])
    if np.array_equal(prices[common.first], prices[common.second]):
        raise_for_same_paths(found)
    raise_for_common_paths(common.paths, found)


def test_faster(
    learner: Learner,
    baseline: Learner,
    draw: Draw,
    limits: Limits,
    note: Callable[[str, Any], None],
) -> None:
    """The GPU works at most two thirds as long as for the plain CuPy program."""
    paths, steps = int(limits["speed_paths"]), int(limits["speed_steps"])
    case = replace(main_case(draw("speed"), paths, steps), sigma=limits["speed_sigma"])
    # Each round has a seed of its own: there is no array whose values could be others.
    seed = turned(case.seed, _SEEDS)
    expect_faster(
        learner,
        baseline,
        "simulate",
        (*case.arguments[:-1], seed),
        threshold=limits["speedup"],
        rng=draw("order"),
        note=note,
        verify=expect_alike,
        hint=(
            "Threads that are neighbours write at the same time. Do they write next to "
            "each other? Look at the memory order of your two arrays."
        ),
    )


def _simulate(learner: Learner, case: Case) -> Observation:
    return learner.call("simulate", *case.arguments)


def _prices(observation: Observation, case: Case) -> Payoffs:
    call, put = _values(observation, case)
    return case.strike + call - put


def _values(observation: Observation, case: Case) -> tuple[Payoffs, Payoffs]:
    """Return both payoffs in float64, wherever they lie and whatever their precision."""
    found = read_payoffs(observation.value, case)
    arrays = [
        expect_array(
            value,
            shape=(case.n_paths, case.n_steps),
            dtype=("float32", "float64", "float16"),
            name=f"{name} ({case.where})",
        ).astype(np.float64)
        for name, value in (("call", found.call), ("put", found.put))
    ]
    return arrays[0], arrays[1]
