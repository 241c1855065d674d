"""Sparse systems by cuDSS: layouts, phases, types, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from nvmath.sparse.advanced import (
    DirectSolver,
    DirectSolverMatrixType,
    direct_solver,
)
from operands import fortran, operand, refusal, runs

QUIET = {"blocking": True}


def dense(n: int = 6, dtype: str = "float64") -> Any:
    """Return a matrix with a dominant diagonal and few entries beside it."""
    a = np.zeros((n, n), dtype=dtype)
    for i in range(n):
        a[i, i] = 8 + i
        a[i, (i * 2 + 1) % n] += -1.5 if (i * 2 + 1) % n != i else 0
        a[i, (i + 3) % n] += 0.75 * (1 + 1j) if dtype.startswith("c") else 0.75
    return a


def placed(space: str, matrix: Any) -> Any:
    """Return SciPy's matrix, or CuPy's with the same entries."""
    if space != "cuda":
        return matrix
    import cupyx.scipy.sparse as csp

    return getattr(csp, f"{matrix.format}_matrix")(matrix)


def csr(space: str, n: int = 6, dtype: str = "float64") -> Any:
    return placed(space, sp.csr_matrix(dense(n, dtype)))


def side(space: str, n: int = 6, dtype: str = "float64", first: int = 0) -> Any:
    return operand(space, n, dtype=dtype, first=first)


@runs("cuda", "staged")
def one_side(space: str) -> Any:
    b = side(space)
    return [direct_solver(csr(space), b), b]


@runs("cuda")
def one_column(space: str) -> Any:
    return direct_solver(csr(space), operand(space, 6, 1, dtype="float64"))


@runs("cuda", "staged")
def three_sides(space: str) -> Any:
    return direct_solver(csr(space), fortran(space, 6, 3, dtype="float64"))


@runs("cuda", "staged")
def sides_in_c_order(space: str) -> Any:
    return direct_solver(csr(space), operand(space, 6, 3, dtype="float64"))


@runs("cuda")
def single(space: str) -> Any:
    return direct_solver(csr(space, 6, "float32"), side(space, 6, "float32"))


@runs("cuda")
def complex_numbers(space: str) -> Any:
    return direct_solver(csr(space, 6, "complex128"), side(space, 6, "complex128"))


@runs("cuda")
def symmetric(space: str) -> Any:
    a = dense()
    whole = sp.csr_matrix(a + a.T)
    options = {"sparse_system_type": DirectSolverMatrixType.SYMMETRIC}
    return direct_solver(placed(space, whole), side(space), options=options)


@runs("cuda")
def batch(space: str) -> Any:
    matrices = [csr(space, 6), csr(space, 9)]
    return direct_solver(matrices, [side(space, 6), side(space, 9, first=4)])


@runs("cuda", "staged")
def in_coordinates(space: str) -> Any:
    return direct_solver(placed(space, sp.coo_matrix(dense())), side(space))


@runs("cuda", "staged")
def in_compressed_columns(space: str) -> Any:
    return direct_solver(placed(space, sp.csc_matrix(dense())), side(space))


@runs("cuda")
def dense_matrix(space: str) -> Any:
    return direct_solver(operand(space, 6, 6, dtype="float64"), side(space))


@runs("cuda")
def sides_that_do_not_fit(space: str) -> Any:
    a = csr(space)
    return [
        refusal(direct_solver, a, side(space, 7)),
        refusal(direct_solver, a, side(space, 6, "float32")),
        refusal(direct_solver, a, side("cpu")),
        refusal(direct_solver, a, [1.0] * 6),
        refusal(direct_solver, a, None),
    ]


@runs("cuda")
def matrix_that_is_not_square(space: str) -> Any:
    a = placed(space, sp.csr_matrix(dense()[:5]))
    return direct_solver(a, side(space, 5))


@runs("cuda")
def integer_matrix(space: str) -> Any:
    del space
    return direct_solver(
        sp.csr_matrix(dense().astype("int64")), side("cpu", 6, "int64")
    )


@runs("cuda", "staged")
def in_order(space: str) -> Any:
    with DirectSolver(csr(space), side(space), options=QUIET) as solver:
        solver.plan()
        solver.factorize()
        first = solver.solve()
        solver.reset_operands(b=side(space, first=4))
        return [first, solver.solve()]


@runs("cuda")
def matrix_reset(space: str) -> Any:
    b = side(space)
    with DirectSolver(csr(space), b, options=QUIET) as solver:
        solver.plan()
        solver.factorize()
        first = solver.solve()
        solver.reset_operands(a=placed(space, sp.csr_matrix(dense() * 2)))
        early = [refusal(solver.solve), refusal(solver.factorize)]
        solver.plan()
        solver.factorize()
        return [first, early, solver.solve()]


@runs("cuda")
def out_of_order(space: str) -> Any:
    with DirectSolver(csr(space), side(space), options=QUIET) as solver:
        before = [refusal(solver.solve), refusal(solver.factorize)]
        solver.plan()
        return [*before, refusal(solver.solve)]


@runs("cuda")
def after_free(space: str) -> Any:
    solver = DirectSolver(csr(space), side(space), options=QUIET)
    solver.plan()
    solver.free()
    return [
        refusal(solver.plan),
        refusal(solver.factorize),
        refusal(solver.solve),
        refusal(solver.reset_operands, b=side(space)),
        refusal(solver.free),
    ]


@runs("cuda")
def reset_to_what_does_not_fit(space: str) -> Any:
    with DirectSolver(csr(space), side(space), options=QUIET) as solver:
        solver.plan()
        reset = solver.reset_operands
        return [
            refusal(reset, b=side(space, 7)),
            refusal(reset, b=side(space, 6, "float32")),
            refusal(reset, b=side("cpu")),
            refusal(reset, b=fortran(space, 6, 2, dtype="float64")),
            refusal(reset, a=csr(space, 7)),
            refusal(reset),
        ]


@runs("cuda")
def in_cupy(space: str) -> Any:
    a, b = csr(space), fortran(space, 6, 2, dtype="float64")
    product = a @ b
    entries = a.tocoo()
    return [product, entries.row, entries.col, entries.data, a.toarray()]
