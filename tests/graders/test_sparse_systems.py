"""The systems that the sparse graders draw, and how solutions and phases are judged."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from graders.harness.checks import Evidence, Operation
from graders.harness.errors import (
    EnvironmentUnavailable,
    WrongMemorySpace,
    WrongPhases,
    WrongValue,
)
from graders.sparse_solver import phases, systems
from graders.sparse_solver.systems import System

ROOT = Path(__file__).parents[2]
#: Of each singular system, which columns have a solution all the same.
SOLVABLE = (
    [False] * 3,
    [True, False],
    [False, True],
    [False],
    [False] * 6,
    [False] * 3,
    [True, False],
    [True, False],
)
LIMITS = {"backward_error": {"float32": 2e-6, "float64": 1e-13}}


@pytest.fixture(scope="module")
def oracles() -> ModuleType:
    path = ROOT / "reference/sparse_solver/oracles.py"
    spec = importlib.util.spec_from_file_location("sparse_oracles", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def drawn(seed: int, dtype: str = "float64") -> System:
    rng = np.random.default_rng(seed)
    matrix = systems.shuffled(rng, systems.dominant(rng, 37), dtype)
    return System("unsymmetric", matrix, systems.right_hand_sides(rng, 37, 4, dtype))


@pytest.mark.parametrize("seed", range(20))
def test_matrices_are_what_they_are_called(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = systems.dominant(rng, 40)
    for a in (matrix, systems.same_pattern(rng, matrix)):
        full = a.toarray()
        diagonal = np.abs(np.diag(full))
        assert (np.abs(full).sum(axis=1) <= 1.7 * diagonal).all()
        assert np.abs(full - full.T).max() > 0.5
        assert (full != 0).sum() == a.nnz == matrix.nnz
    definite = systems.definite(rng, 7, 9).toarray()
    assert np.array_equal(definite, definite.T)
    values = np.linalg.eigvalsh(definite)
    assert 0.1 < values[0] < values[-1] < 60


@pytest.mark.parametrize("seed", range(20))
def test_equations_of_very_different_size_are_easily_solved(
    seed: int, oracles: ModuleType
) -> None:
    """Relative checks pass by far in any order of elimination, absolute ones do not."""
    rng = np.random.default_rng(seed)
    matrix, b = systems.unevenly_scaled(rng, 41, 3)
    full = matrix.toarray()
    assert (np.abs(full).sum(axis=1) <= 1.7 * np.abs(np.diag(full))).all()
    sizes = np.abs(full).max(axis=1)
    assert sizes.max() > 1e5 * sizes.min() > 1e-1
    assert np.linalg.matrix_rank(full) == len(full)
    plain = {"permc_spec": "MMD_AT_PLUS_A", "diag_pivot_thresh": 0.0}
    unpivoted = sp.linalg.splu(matrix.tocsc(), **plain, options={"SymmetricMode": True})
    system = System("uneven", matrix, b)
    for x in (np.linalg.solve(full, b), unpivoted.solve(b)):
        assert (np.abs(x).max(axis=0) > 1e5).all()
        assert oracles.backward_errors(matrix, x, b).max() < 1e-15
        rest = np.linalg.norm(full @ x - b, axis=0)
        assert (rest < 1e-14 * np.linalg.norm(b, axis=0)).all()
        systems.expect_solved(x, system, oracles, LIMITS)
    left_out = np.where(np.abs(full) < 1e-5 * np.abs(full).max(), 0, full)
    left_out += np.diag(np.diag(full - left_out))
    with pytest.raises(WrongValue):
        systems.expect_solved(np.linalg.solve(left_out, b), system, oracles, LIMITS)


@pytest.mark.parametrize("seed", range(20))
def test_singular_systems_have_no_solution_but_in_one_column(seed: int) -> None:
    drawn = systems.singular(np.random.default_rng(seed))
    for system, solvable in zip(drawn, SOLVABLE, strict=True):
        full = system.matrix.toarray()
        singular_values = np.linalg.svd(full, compute_uv=False)
        assert (
            singular_values[-1]
            < 1e-13 * singular_values[0]
            < 1e-10 * singular_values[-2]
        )
        b = system.b.astype(np.float64)
        best = np.linalg.lstsq(full, b, rcond=1e-10)[0]
        rest = np.linalg.norm(full @ best - b, axis=0)
        size = np.linalg.norm(b, axis=0)
        assert (rest < 1e-10 * size).tolist() == solvable
        assert (rest > 1e-2 * size).tolist() == [not each for each in solvable]


def test_split_matrices_are_the_same() -> None:
    rng = np.random.default_rng(3)
    matrix = systems.dominant(rng, 30)
    parts = systems.split(rng, matrix)
    assert parts.nnz > 1.3 * matrix.nnz
    assert np.allclose(parts.toarray(), matrix.toarray(), rtol=1e-14)
    once = systems.equal_ones_once(parts)
    assert matrix.nnz < once.nnz < parts.nnz
    places = parts.row, parts.col
    ratios = once.toarray()[places] / matrix.toarray()[places]
    assert np.unique(ratios.round(12)).tolist() == [0.5, 1.0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(10))
def test_right_solutions_pass_and_mistakes_are_recognised(
    dtype: str, seed: int, oracles: ModuleType
) -> None:
    system = drawn(seed, dtype)
    right = oracles.solve(system.matrix, system.b)
    systems.expect_solved(right.astype(dtype), system, oracles, LIMITS)
    for message, wrong in oracles.solve_mistakes(system.matrix, system.b).items():
        with pytest.raises(WrongValue) as caught:
            systems.expect_solved(wrong().astype(dtype), system, oracles, LIMITS)
        assert caught.value.hint == message


@pytest.mark.parametrize(
    ("dtype", "rounded"), [("float64", "float32"), ("float32", "float16")]
)
def test_a_smaller_precision_is_seen(
    dtype: str, rounded: str, oracles: ModuleType
) -> None:
    for seed in range(10):
        system = drawn(seed, dtype)
        b = system.b.astype(rounded).astype(np.float64)
        x = oracles.solve(system.matrix, b).astype(dtype)
        with pytest.raises(WrongValue) as caught:
            systems.expect_solved(x, system, oracles, LIMITS)
        assert "smaller precision" in caught.value.hint


def test_one_wrong_element_is_seen(oracles: ModuleType) -> None:
    rng = np.random.default_rng(8)
    matrix = systems.definite(rng, 45, 60)
    b = systems.right_hand_sides(rng, 2700, 2, "float64")
    system = System("a large grid", matrix, b)
    x = oracles.solve(matrix, b)
    x[-1, 0] = 0
    with pytest.raises(WrongValue, match=r"column 0 of 2 is wrong, counted"):
        systems.expect_solved(x, system, oracles, LIMITS)


def test_duplicates_that_count_once_are_recognised(oracles: ModuleType) -> None:
    rng = np.random.default_rng(9)
    matrix = systems.split(rng, systems.dominant(rng, 30))
    system = System("split", matrix, systems.right_hand_sides(rng, 30, 2, "float64"))
    for last, word in ((True, "last"), (False, "first")):
        once = oracles.one_of_each_place(matrix, last=last)
        x = oracles.solve(once, system.b)
        assert f"only the {word} one" in systems.cause(x, system, oracles)
    small = sp.coo_matrix(([1.0, 2.0], ([0, 0], [0, 0])), shape=(1, 1))
    assert oracles.one_of_each_place(small, last=True).toarray() == [[2.0]]
    assert oracles.one_of_each_place(small, last=False).toarray() == [[1.0]]


def test_a_solution_that_is_not_a_number_for_zeros_is_explained(
    oracles: ModuleType,
) -> None:
    rng = np.random.default_rng(10)
    b = systems.right_hand_sides(rng, 30, 3, "float64")
    b[:, 1] = 0.0
    system = System("dominant", systems.dominant(rng, 30), b)
    x = oracles.solve(system.matrix, b)
    x[:, 1] = np.nan
    assert "only where b is all zeros" in systems.cause(x, system, oracles)
    x[0, 0] = np.nan
    assert "declared to be" in systems.cause(x, system, oracles)


# ------------------------------------------------------------------------------ phases


def step(phase: str, handle: int = 0, **facts: Any) -> Operation:
    facts = {"shape": (37, 4), "operands": "cuda"} | facts
    return Operation(library="solver", phase=phase, handle=handle, **facts)


def evidence(*steps: Operation) -> Evidence:
    return Evidence(operations=steps)


def test_solves_for_all_columns_count_in_any_form() -> None:
    system = drawn(1)
    one, batch = step("solve", shape=(37, 1)), step("solve", shape=(37, 1), batch=4)
    for steps in ([step("solve")], [one] * 4, [batch]):
        phases.expect_solved_by_cudss(evidence(*steps), system)
    for steps in ([], [step("plan")], [one] * 3, [step("solve", shape=(30, 4))]):
        with pytest.raises(WrongPhases):
            phases.expect_solved_by_cudss(evidence(*steps), system)
    with pytest.raises(WrongMemorySpace):
        phases.expect_solved_by_cudss(evidence(step("solve", operands="cpu")), system)
    with pytest.raises(EnvironmentUnavailable, match="was not seen"):
        phases.expect_solved_by_cudss(evidence(step("solve", operands="")), system)


def test_where_nothing_was_recorded_nothing_is_said() -> None:
    blind = Evidence(available=False, unavailable_because="no CUPTI")
    with pytest.raises(EnvironmentUnavailable):
        phases.expect_solved_by_cudss(blind, drawn(1))
    with pytest.raises(EnvironmentUnavailable):
        phases.expect_phases(blind, 3, "a case")
    with pytest.raises(EnvironmentUnavailable):
        phases.expect_freed(blind, "a case")


def test_phases_are_counted_and_explained() -> None:
    good = [step("plan"), step("factorize"), *[step("solve")] * 3, step("free")]
    phases.expect_phases(evidence(*good), 3, "a case")
    phases.expect_freed(evidence(*good), "a case")
    for steps, hint in (
        (
            [step("plan"), step("factorize"), step("solve")] * 3,
            "Everything is done again",
        ),
        ([*good, step("factorize")], "Call factorize() before"),
        ([*good, step("solve")], "solved for twice"),
        (good[:-2], "when it comes"),
        ([], "DirectSolver"),
    ):
        with pytest.raises(WrongPhases) as caught:
            phases.expect_phases(evidence(*steps), 3, "a case")
        assert hint in caught.value.hint


def test_a_solver_that_is_left_is_found() -> None:
    left = [step("plan"), step("solve"), step("plan", 1), step("free", 1)]
    with pytest.raises(WrongPhases, match="1 of 2 solvers"):
        phases.expect_freed(evidence(*left), "a case")
    with pytest.raises(WrongPhases, match="nothing that could be freed"):
        phases.expect_freed(evidence(), "a case")


def test_an_error_relative_to_infinity_is_none_at_all(oracles: ModuleType) -> None:
    """A column that is so large that sizes overflow is no solution."""
    system = drawn(3)
    n, r = system.b.shape
    x = np.zeros((n, r))
    x[0] = 1e308
    with pytest.raises(WrongValue):
        systems.expect_solved(x, system, oracles, LIMITS)
    right = np.linalg.solve(system.matrix.toarray(), system.b)
    systems.expect_solved(right, system, oracles, LIMITS)
