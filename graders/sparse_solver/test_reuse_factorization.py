"""The checks of ``reuse_factorization``."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from graders.harness.checks import (
    Learner,
    Observation,
    describe,
    expect_array,
    expect_operands_used,
    expect_own_memory,
    expect_settled,
    expect_unchanged,
    gpu,
    sparse,
    stream,
)
from graders.harness.checks.possible import on_a_machine_for
from graders.harness.errors import WrongDtype, WrongShape, WrongValue
from graders.sparse_solver.phases import expect_freed, expect_phases
from graders.sparse_solver.systems import (
    Array,
    Draw,
    Limits,
    System,
    definite,
    dominant,
    expect_solved,
    remembered,
    right_hand_sides,
    same_pattern,
)


@dataclass(frozen=True)
class Case:
    """
    One call.

    Attributes:
        system: The matrix, in compressed rows, and the right-hand sides as columns.

        reused: Whether the producer fills the same array again for each of them.
    """

    system: System
    reused: bool = False

    @property
    def where(self) -> str:
        """The case in the learner's words, for messages."""
        n, r = self.system.b.shape
        sides = "1 right-hand side" if r == 1 else f"{r} right-hand sides"
        how = ", one array filled again for each" if self.reused else ""
        return f"{self.system.name}, n {n}, {sides}{how}, {self.system.b.dtype}"


def _case(
    rng: np.random.Generator,
    name: str,
    matrix: Any,
    r: int,
    dtype: str = "float64",
    *,
    reused: bool = False,
    zero: int | None = None,
    again: int | None = None,
) -> Case:
    rows = matrix.tocsr().astype(dtype)
    rows.sort_indices()
    b = right_hand_sides(rng, matrix.shape[0], r, dtype)
    if zero is not None:
        b[:, zero] = 0.0
    if again is not None:
        b[:, again] = b[:, again - 1]
    return Case(System(name, rows, b), reused)


@pytest.fixture(scope="module")
def cases(draw: Draw) -> list[Case]:
    """
    Return the calls with arrays of their own, drawn once.

    One pattern comes twice running with other values and the same number of right-hand
    sides, so that a factorisation kept from an earlier call shows. A right-hand side of
    zeros is one as any other, and no end of the stream; so is one that comes twice.
    """
    rng = draw("streams")
    n = int(rng.integers(41, 60))
    first = dominant(rng, n)
    grid = definite(rng, int(rng.integers(9, 14)), int(rng.integers(15, 20)))
    large = definite(rng, int(rng.integers(24, 29)), int(rng.integers(36, 41)))
    other = dominant(rng, int(rng.integers(61, 80)))
    return [
        _case(rng, "unsymmetric", first, 5),
        _case(rng, "the same pattern, other values", same_pattern(rng, first), 5),
        _case(rng, "symmetric positive definite, one twice", grid, 4, again=2),
        _case(rng, "the third one zero", other, 6, "float32", zero=2),
        _case(
            rng,
            "a single right-hand side, a positive diagonal",
            dominant(rng, 23, positive=True),
            1,
        ),
        _case(rng, "a large grid", large, 3, "float32"),
        # More than a program may keep results, or factors, for.
        _case(rng, "many right-hand sides", dominant(rng, 19), 40),
    ]


@pytest.fixture(scope="module")
def reused(draw: Draw) -> list[Case]:
    """Return the calls whose producer fills one array again and again."""
    rng = draw("buffers")
    one, other = (dominant(rng, int(n)) for n in rng.integers(35, 60, 2))
    return [
        _case(rng, "unsymmetric", one, 4, reused=True),
        _case(rng, "unsymmetric", other, 5, "float32", reused=True),
    ]


def test_values(
    learner: Learner,
    reference: Learner,
    cases: list[Case],
    oracles: ModuleType,
    limits: Limits,
) -> None:
    """Each solution is right, for definite and for unsymmetric matrices."""
    _expect_all_solved(learner, reference, cases, oracles, limits)


def test_reused_buffer(
    learner: Learner,
    reference: Learner,
    reused: list[Case],
    oracles: ModuleType,
    limits: Limits,
) -> None:
    """Each solution is right where the producer fills the same array again."""
    _expect_all_solved(learner, reference, reused, oracles, limits)


def test_own_arrays(
    learner: Learner, reference: Learner, cases: list[Case], reused: list[Case]
) -> None:
    """Each solution has memory of its own and stays as it was given."""
    for case in [*cases, *reused]:
        observation = _solve_stream(learner, reference, case)
        _solutions(observation.value, case)
        names = ["the values of a", "the columns of a", "the row starts of a"]
        count = 1 if case.reused else case.system.b.shape[1]
        names += [f"right-hand side {number}" for number in range(count)]
        expect_own_memory(observation, names, where=case.where)
        expect_settled(observation)


def test_phases(
    learner: Learner, reference: Learner, cases: list[Case], reused: list[Case]
) -> None:
    """There is one plan, one factorisation, and one solve for each right-hand side."""
    for case in [*cases, *reused]:
        evidence = _solve_stream(learner, reference, case).evidence
        expect_phases(evidence, case.system.b.shape[1], case.where)
        expect_operands_used(
            evidence,
            "solver",
            phase="factorize",
            sizes={case.system.matrix.data.nbytes},
            what="the matrix a",
            where=case.where,
        )


def test_freed(learner: Learner, reference: Learner, cases: list[Case]) -> None:
    """The solver's resources are freed when the last solution has been given."""
    for case in cases:
        evidence = _solve_stream(learner, reference, case).evidence
        expect_freed(evidence, case.where)


def test_inputs_unchanged(
    learner: Learner, reference: Learner, cases: list[Case], reused: list[Case]
) -> None:
    """The matrix and the right-hand sides are the same after the call as before."""
    for case in [*cases, *reused]:
        observation = _solve_stream(learner, reference, case)
        expect_unchanged(observation, names=["a", "rhs_stream (an item of it)"])


def _solve_stream(learner: Learner, reference: Learner, case: Case) -> Observation:
    items = [gpu(np.ascontiguousarray(side)) for side in case.system.b.T]
    rhs_stream = stream(items, reuse_buffer=case.reused)
    operands = sparse(case.system.matrix), rhs_stream
    with on_a_machine_for(reference, "solve_stream", *operands):
        return learner.call("solve_stream", *operands)


def _expect_all_solved(
    learner: Learner,
    reference: Learner,
    cases: list[Case],
    oracles: ModuleType,
    limits: Limits,
) -> None:
    for number, case in enumerate(cases):
        system = case.system
        x = _solutions(_solve_stream(learner, reference, case).value, case)
        kept = remembered(system, [c.system for c in cases[:number]], oracles)
        kept |= _order_mistakes(system, oracles)
        try:
            expect_solved(
                x, system, oracles, limits, side="right-hand side", mistakes=kept
            )
        except WrongValue as failure:
            msg = failure.message.replace(system.where, case.where)
            raise WrongValue(msg, hint=failure.hint) from None


def _order_mistakes(system: System, oracles: ModuleType) -> dict[str, Any]:
    """Return the mistakes that exchange one right-hand side for another."""

    def solved(columns: list[int]) -> Any:
        return lambda: oracles.solve(system.matrix, system.b)[:, columns]

    r = system.b.shape[1]
    if r == 1:
        return {}
    return {
        "Each solution is the last right-hand side's: an item of the stream is valid until "
        "the next one is asked for, and an array that you fill again is one array.": (
            solved([r - 1] * r)
        ),
        "Each solution is the first right-hand side's: what tells the solver of the next "
        "one?": solved([0] * r),
        "Each solution is the one before: the first right-hand side is solved for twice.": (
            solved([0, *range(r - 1)])
        ),
        "Each solution is the next right-hand side's: when is the next one asked for?": (
            solved([*range(1, r), r - 1])
        ),
        "The solutions come in the opposite order.": solved([*range(r)][::-1]),
    }


def _solutions(value: Any, case: Case) -> Array:
    """Return the solutions as columns, after judging what they are."""
    n, r = case.system.b.shape
    if not isinstance(value, list | tuple):
        msg = (
            f"solve_stream returned {describe(value)}. Expected was a list or an iterator "
            f"of {r} CuPy arrays."
        )
        raise WrongDtype(msg, hint="Collect the solutions in a list, or yield them.")
    if len(value) != r:
        msg = f"{len(value)} solutions came for {case.where}. Expected were {r}."
        hint = "Is the first or the last right-hand side left out, or solved for twice?"
        raise WrongShape(msg, hint=hint)
    columns = [
        expect_array(
            item,
            shape=(n,),
            dtype=case.system.b.dtype.name,
            memory_space="cuda",
            name=f"solution {number}",
        )
        for number, item in enumerate(value)
    ]
    return np.stack(columns, axis=1)
