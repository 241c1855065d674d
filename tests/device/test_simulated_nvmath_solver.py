"""nvmath's direct sparse solver over the simulated cuDSS."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from graders.harness.device.evidence import Evidence
from graders.harness.device.simulator.not_modelled import NotModelled

Record = Callable[..., tuple[Any, Evidence]]


def matrix(n: int = 30, dtype: Any = np.float64, *, symmetric: bool = False) -> Any:
    rng = np.random.default_rng(5)
    a = sp.random_array((n, n), density=0.1, rng=rng, dtype=np.float64).toarray()
    if np.dtype(dtype).kind == "c":
        a = a + 1j * a.T
    a = a + a.conj().T if symmetric else a
    a = a + np.diag(2 + np.abs(a).sum(axis=1))
    return sp.csr_matrix(a.astype(dtype))


def sides(n: int, *r: int, dtype: Any = np.float64) -> Any:
    b = np.random.default_rng(6).standard_normal((n, *r))
    return np.asfortranarray(b.astype(dtype))


def phases(evidence: Evidence) -> list[str]:
    return [op.phase for op in evidence.operations if op.library == "solver"]


@pytest.fixture
def on_gpu(device: Any) -> Any:
    del device
    import cupyx.scipy.sparse as csp

    return csp.csr_matrix


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("r", [(), (1,), (4,)])
def test_solutions_in_all_types(
    device: Any, on_gpu: Any, dtype: Any, r: tuple[int, ...]
) -> None:
    from nvmath.sparse.advanced import direct_solver

    a, b = matrix(dtype=dtype), sides(30, *r, dtype=dtype)
    x = direct_solver(on_gpu(a), device.to_device(b))
    host = device.from_device(x)
    assert (host.shape, host.dtype) == (b.shape, b.dtype)
    bound = (
        1e-5 if np.dtype(dtype).itemsize // (1 + (a.dtype.kind == "c")) == 4 else 1e-13
    )
    assert np.abs(a @ host - b).max() < bound


def test_one_factorisation_serves_many_right_hand_sides(
    device: Any, on_gpu: Any, record: Record
) -> None:
    from nvmath.sparse.advanced import DirectSolver

    a = matrix()
    columns = [device.to_device(sides(30) * k) for k in (1, 2, 3)]

    def run() -> list[Any]:
        with DirectSolver(on_gpu(a), columns[0], options={"blocking": True}) as solver:
            solver.plan()
            solver.factorize()
            found = []
            for column in columns:
                solver.reset_operands(b=column)
                found.append(solver.solve())
            return found

    found, evidence = record(run, *columns)
    assert phases(evidence) == ["plan", "factorize", "solve", "solve", "solve", "free"]
    step = evidence.operations[0]
    assert (step.kind, step.shape, step.operands) == ("GENERAL", (30, 1), "cuda")
    for k, x in enumerate(found, 1):
        assert np.allclose(a @ device.from_device(x), k * sides(30))
    solves = [k for k in evidence.kernels if k.name == "simulated_cudss_solve"]
    assert [k.kind for k in solves] == ["solver"] * 3
    assert all(k.reads_operand for k in solves)


def test_operands_in_cpu_memory(record: Record) -> None:
    from nvmath.sparse.advanced import direct_solver

    a, b = matrix(), sides(30, 2)
    x, evidence = record(lambda: direct_solver(a, b))
    assert isinstance(x, np.ndarray)
    assert np.allclose(a @ x, b)
    assert {op.operands for op in evidence.operations} == {"cpu"}
    up = sum(c.nbytes for c in evidence.copies if c.direction == "host_to_device")
    assert up == a.data.nbytes + a.indices.nbytes + a.indptr.nbytes + b.nbytes


def test_a_batch(device: Any, on_gpu: Any, record: Record) -> None:
    from nvmath.sparse.advanced import direct_solver

    matrices = [matrix(20), matrix(30)]
    rights = [sides(20, 2), sides(30, 2)]
    operands = [device.to_device(b) for b in rights]
    found, evidence = record(
        lambda: direct_solver([on_gpu(a) for a in matrices], operands)
    )
    for a, b, x in zip(matrices, rights, found, strict=True):
        assert np.allclose(a @ device.from_device(x), b)
    assert {op.batch for op in evidence.operations} == {2}


def test_types_and_views_of_a_matrix(device: Any, on_gpu: Any) -> None:
    from nvmath.bindings.cudss import MatrixType, MatrixViewType
    from nvmath.sparse.advanced import direct_solver

    a, b = matrix(symmetric=True), sides(30)
    for view, half in (("FULL", a), ("LOWER", sp.tril(a)), ("UPPER", sp.triu(a))):
        for kind in ("SYMMETRIC", "SPD"):
            options = {
                "sparse_system_type": MatrixType[kind],
                "sparse_system_view": MatrixViewType[view],
            }
            x = direct_solver(
                on_gpu(half.tocsr()), device.to_device(b), options=options
            )
            assert np.allclose(a @ device.from_device(x), b)
    skew = matrix() - 2 * sp.eye(30) * matrix().diagonal().max()
    x = direct_solver(
        on_gpu(skew.tocsr()),
        device.to_device(b),
        options={"sparse_system_type": MatrixType.SPD},
    )
    assert not np.isfinite(device.from_device(x)).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_singular_matrix_gets_a_finite_answer(
    device: Any, on_gpu: Any, dtype: Any
) -> None:
    from nvmath.sparse.advanced import DirectSolver

    a = np.diag(np.full(9, -1.0), 1)
    a = a + a.T
    a -= np.diag(a.sum(axis=1))
    b = np.arange(1, 11, dtype=dtype)
    operand = device.to_device(b)
    with DirectSolver(on_gpu(sp.csr_matrix(a.astype(dtype))), operand) as solver:
        solver.plan()
        facts = solver.factorize()
        assert facts.npivots == 1
        assert facts.info == 0
        x = device.from_device(solver.solve())
    assert np.isfinite(x).all()
    assert np.abs(a @ x - b).max() > 1


def test_entries_at_one_place_are_not_added_up(device: Any) -> None:
    import cupyx.scipy.sparse as csp
    from nvmath.sparse.advanced import direct_solver

    parts = [[1.0, 3.0, 2.0], [0, 0, 1], [0, 2, 3]]
    arrays = [np.array(p, t) for p, t in zip(parts, ("f8", "i4", "i4"), strict=True)]
    a = csp.csr_matrix(tuple(device.to_device(p) for p in arrays), shape=(2, 2))
    x = direct_solver(a, device.to_device(np.array([12.0, 2.0])))
    assert device.from_device(x).tolist() == [4.0, 1.0]
    a.sum_duplicates()
    x = direct_solver(a, device.to_device(np.array([12.0, 2.0])))
    assert device.from_device(x).tolist() == [3.0, 1.0]


def test_refusals_are_nvmaths(device: Any, on_gpu: Any) -> None:
    import cupyx.scipy.sparse as csp
    from nvmath.sparse.advanced import DirectSolver, direct_solver

    a, b = on_gpu(matrix()), device.to_device(sides(30, 3))
    with pytest.raises(TypeError, match="does not support COO sparse format"):
        direct_solver(csp.coo_matrix(matrix().tocoo()), b)
    with pytest.raises(TypeError, match="col-major layout"):
        direct_solver(a, device.to_device(np.ascontiguousarray(sides(30, 3))))
    with pytest.raises(TypeError, match="does not match the RHS dtype"):
        direct_solver(a, device.to_device(sides(30, dtype=np.float32)))
    with DirectSolver(a, b) as solver:
        with pytest.raises(RuntimeError, match=r"before plan\(\) has been called"):
            solver.factorize()
        solver.plan()
        with pytest.raises(RuntimeError, match=r"before factorize\(\)"):
            solver.solve()
    with pytest.raises(NotModelled, match="HYBRID_EXECUTE_MODE"):
        direct_solver(a, device.to_device(sides(30)), execution="hybrid")


def test_log_lines_and_what_is_known(
    device: Any, on_gpu: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from nvmath.sparse.advanced import DirectSolver

    caplog.set_level(logging.INFO)
    operands = on_gpu(matrix()), device.to_device(sides(30))
    with DirectSolver(*operands, options={"blocking": True}) as solver:
        plan = solver.plan()
        assert sorted(plan.col_permutation.tolist()) == list(range(30))
        solver.factorization_config.pivot_eps = 1e-14
        assert solver.factorization_config.pivot_eps == 1e-14
        facts = solver.factorize()
        assert facts.lu_nnz >= matrix().nnz
        assert facts.inertia.tolist() == [0, 0]
        assert facts.diag.shape == (30,)
    lines = [r.getMessage() for r in caplog.records]
    for phase in ("ANALYSIS", "FACTORIZATION"):
        assert f"Starting solver phase {phase}..." in lines
        assert any(line.startswith(f"The solver phase {phase} took") for line in lines)
    assert "The DirectSolver object's resources have been released." in lines
