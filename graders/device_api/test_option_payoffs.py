"""The checks of ``option_payoffs``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from graders.device_api.launches import (
    expect_device_calls,
    expect_in_bounds,
    expect_made_there,
    expect_no_other_draws,
)
from graders.device_api.paths import (
    Case,
    Payoffs,
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
    Relation,
    expect_enough,
    law_deviations,
    relations,
    repeated_paths,
    repetitions,
    smallest_gap,
)
from graders.device_api.verdicts import (
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
# Seeds that differ in their lowest bit; that are the same modulo 1000 and in their lowest
# 23 bits; and that differ in the highest bit alone.
_STEPS_OF_SEEDS: tuple[Callable[[int], int], ...] = (
    lambda seed: seed ^ 1,
    lambda seed: seed + 1000 * 2**20,
    lambda seed: seed ^ 2**30,
)

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
        self._known: dict[int, tuple[Observation, Payoffs, list[Relation]]] = {}

    def normals(self, observation: Observation, case: Case) -> Payoffs:
        """Return the numbers that were drawn."""
        return self._of(observation, case)[1]

    def relations(self, observation: Observation, case: Case) -> list[Relation]:
        """Return which of them have to do with each other."""
        return self._of(observation, case)[2]

    def _of(
        self, observation: Observation, case: Case
    ) -> tuple[Observation, Payoffs, list[Relation]]:
        key = id(observation)
        if key not in self._known:
            price = np.maximum(_prices(observation, case), np.finfo(np.float32).tiny)
            z = np.asarray(self._oracles.normals(price, case.mu, case.sigma))
            self._known[key] = (observation, z, relations(z))
        return self._known[key]


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
    wide: Case,
    limits: Limits,
) -> None:
    """Call and put belong to one price at every step, and the first price is s0."""
    for case in (*cases, main, long, wide):
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


def test_distribution(learner: Learner, main: Case, study: Study) -> None:
    """Every step is a normal draw, with mean mu and spread sigma of the logarithm."""
    observation = _simulate(learner, main)
    z = study.normals(observation, main)
    found = law_deviations(z, study.relations(observation, main))
    if found:
        raise_for_law(found, main)


def test_independence(
    learner: Learner, main: Case, long: Case, wide: Case, study: Study
) -> None:
    """No draw depends on another, of its own path or of any other."""
    observation = _simulate(learner, main)
    again = repetitions(study.normals(observation, main))
    related = study.relations(observation, main)
    if related:
        raise_for_relation(related, again, main)
    if again is not None:
        raise_for_repetition(again, main)
    later = repetitions(study.normals(_simulate(learner, long), long))
    if later is not None:
        raise_for_repetition(later, long)
    same = repeated_paths(_prices(_simulate(learner, wide), wide)[:, 1:])
    if same is not None:
        raise_for_repeated_path(same, wide)


def test_seed(learner: Learner, main: Case, study: Study) -> None:
    """The same seed gives the same paths, another seed gives others."""
    first = _simulate(learner, main)
    expect_settled(first)
    _expect_same_again(learner, main)
    call, put = _values(first, main)
    other = replace(main, seed=main.other_seed)
    second = _simulate(learner, other)
    call_other, put_other = _values(second, other)
    if np.array_equal(call, call_other) and np.array_equal(put, put_other):
        raise_for_same_paths(main)
    expect_settled(second)
    _expect_all_of_the_seed(learner, main)
    z, z_other = study.normals(first, main), study.normals(second, other)
    known = study.relations(first, main)
    # Draws that repeat within a call would be found again here, and are not this check's.
    again = None if known else repetitions(z, z_other)
    raise_for_seed(relations(z, z_other, known), again, main)


def _expect_same_again(learner: Learner, case: Case) -> None:
    """Judge that a second call with the same seed gives the same paths."""
    call, put = _values(_simulate(learner, case), case)
    call_again, put_again = _values(
        learner.call("simulate", *case.arguments, fresh=True), case
    )
    if not (np.array_equal(call, call_again) and np.array_equal(put, put_again)):
        shares = (np.mean(call != call_again), np.mean(put != put_again))
        raise_for_other_paths(float(max(shares)), case)


def _expect_all_of_the_seed(learner: Learner, main: Case) -> None:
    """Judge that seeds give other paths which differ in a few of their digits."""
    case = replace(main, n_paths=257, n_steps=6)
    pairs = [(case.seed, step(case.seed)) for step in _STEPS_OF_SEEDS]
    for seed, other in (*pairs, (0, 1)):
        one, two = replace(case, seed=seed, other_seed=other), replace(case, seed=other)
        seen = [_values(_simulate(learner, x), x) for x in (one, two)]
        if np.array_equal(seen[0], seen[1]):
            raise_for_same_paths(one)
    # 0 is a seed like any other: in a condition it counts as none.
    _expect_same_again(learner, replace(case, seed=0))


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
