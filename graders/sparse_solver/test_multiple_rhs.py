"""The checks of ``multiple_rhs``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from graders.harness.checks import (
    Learner,
    Observation,
    expect_array,
    expect_ready,
    expect_settled,
    expect_unchanged,
    gpu,
    sparse,
)
from graders.harness.checks.failures import described, raise_for_call
from graders.harness.checks.possible import expect_possible, on_a_machine_for
from graders.harness.errors import Crashed, Failure, WrongValue
from graders.sparse_solver.phases import expect_solved_by_cudss
from graders.sparse_solver.systems import (
    Array,
    Draw,
    Limits,
    System,
    definite,
    dominant,
    equal_ones_once,
    expect_solved,
    remembered,
    right_hand_sides,
    same_pattern,
    shuffled,
    singular,
    split,
    unevenly_scaled,
)

_REFUSALS = ("builtins.ValueError", "numpy.linalg.LinAlgError")
# Of b, so much of A x - b may be left in a column that has solutions all the same.
_SOLVED = 1e-3
_EQUAL_ONES = "Of entries that share a place, equal ones count once here; they add up."


@pytest.fixture(scope="module")
def systems(draw: Draw) -> list[System]:
    """
    Return the systems of the values, drawn once: float64, b column by column.

    One pattern comes twice running with other values, so that a factorisation or a result
    that was kept shows; there are more columns than equations once. The equations of the
    last differ a millionfold in size: what counts as zero, or as large, is relative.
    """
    rng = draw("systems")
    n = int(rng.integers(41, 60))
    first = dominant(rng, n)
    height, width = int(rng.integers(9, 14)), int(rng.integers(15, 20))
    large = int(rng.integers(24, 29)), int(rng.integers(36, 41))
    drawn = (
        ("unsymmetric", first, 3),
        ("the same pattern, other values", same_pattern(rng, first), 3),
        ("symmetric positive definite", definite(rng, height, width), 5),
        ("more columns than equations", dominant(rng, 11), 17),
        ("a large grid", definite(rng, *large), 2),
        (
            "unsymmetric and larger, a positive diagonal",
            dominant(rng, int(rng.integers(300, 400)), positive=True),
            7,
        ),
    )
    found = []
    for number, (name, matrix, r) in enumerate(drawn):
        b = right_hand_sides(rng, matrix.shape[0], r, "float64")
        # The two matrices of one pattern keep the order of their entries.
        order = np.random.default_rng(0) if number in (0, 1) else rng
        found.append(System(name, shuffled(order, matrix, "float64"), b))
    name = "equations that differ a millionfold in size, x above 100,000"
    matrix, b = unevenly_scaled(rng, int(rng.integers(41, 60)), 3)
    # The very numbers of the second, in their order, at other places.
    again = System("the matrix before, transposed", found[1].matrix.T, found[1].b)
    found.insert(2, again)
    return [*found, System(name, shuffled(rng, matrix, "float64"), b)]


@pytest.fixture(scope="module")
def single(draw: Draw) -> list[System]:
    """Return systems in float32."""
    rng = draw("precision")
    return [
        System(
            name,
            shuffled(rng, matrix, "float32"),
            right_hand_sides(rng, matrix.shape[0], 4, "float32"),
        )
        for name, matrix in (
            ("unsymmetric", dominant(rng, int(rng.integers(50, 80)))),
            ("symmetric positive definite", definite(rng, 8, int(rng.integers(9, 14)))),
        )
    ]


@pytest.fixture(scope="module")
def by_rows(draw: Draw) -> list[System]:
    """Return systems with b row by row, and with one column."""
    rng = draw("by rows")
    found = []
    for name, r in (("b in C order", 6), ("one column, in C order", 1)):
        matrix = dominant(rng, int(rng.integers(31, 50)))
        b = right_hand_sides(rng, matrix.shape[0], r, "float64")
        c_order = np.ascontiguousarray(b)
        found.append(System(name, shuffled(rng, matrix, "float64"), c_order))
    return found


def test_values(
    learner: Learner,
    reference: Learner,
    systems: list[System],
    oracles: ModuleType,
    limits: Limits,
) -> None:
    """A x is b for every column, for definite and for unsymmetric matrices."""
    _expect_all_solved(learner, reference, systems, oracles, limits)


def test_any_order(
    learner: Learner,
    reference: Learner,
    by_rows: list[System],
    oracles: ModuleType,
    limits: Limits,
) -> None:
    """The right-hand sides may lie in memory row by row."""
    _expect_all_solved(learner, reference, by_rows, oracles, limits)


def test_duplicates(
    learner: Learner,
    reference: Learner,
    draw: Draw,
    oracles: ModuleType,
    limits: Limits,
) -> None:
    """Entries of the matrix that share a place add up."""
    rng = draw("duplicates")
    unsymmetric = split(rng, dominant(rng, int(rng.integers(35, 50))))
    grid = split(rng, definite(rng, 6, int(rng.integers(7, 11))))
    cases = [
        System(
            f"{matrix.nnz - matrix.tocsr().nnz} entries share a place",
            shuffled(rng, matrix, "float64"),
            right_hand_sides(rng, matrix.shape[0], 2, "float64"),
        )
        for matrix in (unsymmetric, grid)
    ]
    _expect_all_solved(learner, reference, cases, oracles, limits)


def test_precision(
    learner: Learner,
    reference: Learner,
    single: list[System],
    oracles: ModuleType,
    limits: Limits,
) -> None:
    """A float32 system gets a float32 answer, to that precision."""
    _expect_all_solved(learner, reference, single, oracles, limits)


def test_solver(
    learner: Learner,
    reference: Learner,
    systems: list[System],
    by_rows: list[System],
    single: list[System],
) -> None:
    """NVIDIA's cuDSS solves for all columns, with operands in GPU memory."""
    for system in systems:
        expect_solved_by_cudss(_solve(learner, reference, system).evidence, system)
    for system in (*by_rows, *single):
        try:
            seen = _solve(learner, reference, system)
        except Failure:
            continue  # whether it takes these is another check's subject
        expect_solved_by_cudss(seen.evidence, system)


def test_singular(
    learner: Learner, reference: Learner, draw: Draw, oracles: ModuleType
) -> None:
    """A singular matrix never gets an answer that looks like one."""
    rng = draw("singular")
    for system in singular(rng):
        dtype = system.b.dtype.name
        case = replace(system, matrix=shuffled(rng, system.matrix, dtype))
        operands = sparse(case.matrix, "cpu"), gpu(case.b)
        try:
            observation = learner.call("solve", *operands, may_raise=_REFUSALS)
        except Crashed as failure:
            if dtype == "float32":  # whether it takes them is another check's subject
                continue
            expect_possible(reference, "solve", *operands, may_raise=_REFUSALS)
            seen = failure.message.rstrip(".")
            msg = (
                f"{seen}. This matrix is singular: expected was a ValueError, a "
                "LinAlgError, or a NaN in each column."
            )
            hint = "Which exceptions does the docstring name?"
            raise Crashed(msg, hint=hint) from failure
        if observation.exception is None:
            _expect_no_answer(observation, case, oracles)


def test_inputs_unchanged(
    learner: Learner, reference: Learner, systems: list[System]
) -> None:
    """The matrix and the right-hand sides are the same after the call as before."""
    for system in systems:
        expect_unchanged(_solve(learner, reference, system), names=["a_coo", "b"])


def _solve(learner: Learner, reference: Learner, system: System) -> Observation:
    operands = sparse(system.matrix, "cpu"), gpu(system.b)
    with on_a_machine_for(reference, "solve", *operands, may_raise=_REFUSALS):
        observation = learner.call("solve", *operands, may_raise=_REFUSALS)
    refusal = observation.exception
    if refusal is None:
        return observation
    if not refusal["innermost"]:  # some package's, not the program's own verdict
        raise_for_call(refusal, "solve")
    verdict = described(refusal).rstrip(" .:")
    msg = f"solve raised {verdict}. The matrix is not singular ({system.where})."
    hint = (
        "Is it the matrix and the b that you were given? Rounding leaves the more of "
        "A x - b the larger b is, and far more in float32 than in float64. x is the "
        "larger the smaller A is."
    )
    raise Crashed(msg, hint=hint)


def _expect_all_solved(
    learner: Learner,
    reference: Learner,
    cases: Sequence[System],
    oracles: ModuleType,
    limits: Limits,
) -> None:
    for number, system in enumerate(cases):
        observation = _solve(learner, reference, system)
        expect_ready(observation)
        x = _result(observation.value, system)
        mistakes = remembered(system, cases[:number], oracles)
        mistakes[_EQUAL_ONES] = partial(_with_equal_ones_once, system, oracles)
        expect_solved(x, system, oracles, limits, mistakes=mistakes)
        expect_settled(observation)


def _with_equal_ones_once(system: System, oracles: ModuleType) -> Array:
    return np.asarray(oracles.solve(equal_ones_once(system.matrix), system.b))


def _result(value: Any, system: System) -> Array:
    return expect_array(
        value,
        shape=system.b.shape,
        dtype=system.b.dtype.name,
        memory_space="cuda",
        name="the result",
    )


def _expect_no_answer(
    observation: Observation, system: System, oracles: ModuleType
) -> None:
    if observation.value is None:
        return
    x = _result(observation.value, system)
    # A column that has solutions may have been given one.
    with np.errstate(all="ignore"):
        rest = np.abs(oracles.whole(system.matrix) @ x - system.b)
        solved = rest.max(axis=0) <= _SOLVED * np.abs(system.b).max(axis=0)
    looks_right = np.isfinite(x).all(axis=0) & ~solved
    if not looks_right.any():
        return
    column = int(np.argmax(looks_right))
    largest = float(np.abs(x[:, column]).max())
    msg = (
        f"For {system.name} (n {system.b.shape[0]}) solve returned numbers as if there "
        f"were a solution, up to {largest:.2g} in column {column}. A x - b is up to "
        f"{float(rest[:, column].max()):.2g} there, and b up to "
        f"{float(np.abs(system.b[:, column]).max()):.2g}. Expected was a ValueError, a "
        "LinAlgError, or a NaN in each column."
    )
    hint = (
        "cuDSS replaces a pivot that vanishes by a small number and goes on. How can you "
        "tell from x, A and b that x is no solution?"
    )
    raise WrongValue(msg, hint=hint)
