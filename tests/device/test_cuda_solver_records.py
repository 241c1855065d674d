"""How the CUDA device follows cuDSS, over a binding that only hands out handles."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from graders.harness.device.kernel_names import kernel_kind
from graders.harness.device.libraries import OperationRecorder

_R64, _I32 = 1, 10  # cudaDataType
_ANALYSIS, _FACTORIZATION, _SOLVE = 3, 4, 1008  # cudssPhase_t


def _fake_cudss() -> SimpleNamespace:
    handles = itertools.count(7000)
    create = lambda *_: next(handles)  # noqa: E731 - six of one kind
    return SimpleNamespace(
        data_create=create,
        matrix_create_csr=create,
        matrix_create_batch_csr=create,
        matrix_create_dn=create,
        matrix_create_batch_dn=create,
        execute=lambda *_: None,
        data_destroy=lambda *_: None,
    )


class _Solver:
    """What the recorder reads of a ``DirectSolver``."""

    def __init__(self, cudss: Any, space: str) -> None:
        self.data_ptr = cudss.data_create(1)
        self.memory_space = space


@pytest.fixture
def recorder() -> OperationRecorder:
    ticks = itertools.count(1)
    return OperationRecorder(lambda: float(next(ticks)))


def _installed(recorder: OperationRecorder) -> tuple[Any, type[Any]]:
    cudss = _fake_cudss()
    solver_class = type("Solver", (_Solver,), {})
    recorder.install_solver(cudss, solver_class)
    return cudss, solver_class


def _run(cudss: Any, solver: Any, a: int, b: int, *phases: int) -> None:
    x = cudss.matrix_create_dn(5, 9, 5, 0, _R64, 0)
    for phase in phases:
        cudss.execute(1, phase, 2, solver.data_ptr, a, x, b)


def test_phases_of_one_solver(recorder: OperationRecorder) -> None:
    cudss, solver_class = _installed(recorder)
    recorder.begin()
    a = cudss.matrix_create_csr(5, 5, 9, 0, 0, 0, 0, _I32, _I32, _R64, 3, 0, 0)
    b = cudss.matrix_create_dn(5, 2, 5, 0, _R64, 0)
    solver = solver_class(cudss, "cuda")
    _run(cudss, solver, a, b, _ANALYSIS, _FACTORIZATION, _SOLVE, _SOLVE)
    cudss.data_destroy(1, solver.data_ptr)
    steps = recorder.end()
    assert [s.phase for s in steps] == ["plan", "factorize", "solve", "solve", "free"]
    assert {(s.library, s.handle, s.kind) for s in steps} == {("solver", 0, "SPD")}
    assert {(s.shape, s.batch, s.operands) for s in steps} == {((5, 2), 1, "cuda")}
    assert {s.entries for s in steps} == {9}


def test_a_batch_from_cpu_memory(recorder: OperationRecorder) -> None:
    cudss, solver_class = _installed(recorder)
    recorder.begin()
    counts = [np.array(v, np.int32) for v in ([5, 5, 5], [1, 2, 1], [9, 7, 8])]
    at = [v.ctypes.data for v in counts]
    shapes = at[0], at[0], at[2]
    a = cudss.matrix_create_batch_csr(3, *shapes, 0, 0, 0, 0, _I32, _I32, _R64, 0, 0, 0)
    b = cudss.matrix_create_batch_dn(3, at[0], at[1], at[0], 0, _I32, _R64, 0)
    solver = solver_class(cudss, "cpu")
    _run(cudss, solver, a, b, _SOLVE)
    (step,) = recorder.end()
    assert (step.shape, step.batch, step.operands) == ((5, 2), 3, "cpu")
    assert (step.kind, step.entries) == ("GENERAL", 7)


def test_a_solver_made_before_the_recording_is_known(
    recorder: OperationRecorder,
) -> None:
    cudss, solver_class = _installed(recorder)
    solver = solver_class(cudss, "cuda")
    b = cudss.matrix_create_dn(5, 1, 5, 0, _R64, 0)
    recorder.begin()
    _run(cudss, solver, 0, b, _SOLVE)
    cudss.data_destroy(1, solver.data_ptr)
    assert [s.phase for s in recorder.end()] == ["solve", "free"]
    recorder.begin()
    assert recorder.end() == ()


def test_kernels_of_cudss_are_solvers() -> None:
    assert kernel_kind("void cudss::factorize_ker<double, int>(int)") == "solver"
