"""The factorisations behind the simulated cuDSS, by SciPy on the host.

cuDSS never interchanges rows freely: where a pivot comes out (nearly) zero it puts a small
number in its place and goes on. So a singular system gives a finite and useless answer
there, not an error; it does here too. Imports nothing of the engine.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.sparse as sp
import scipy.sparse.linalg

Array = npt.NDArray[Any]

# Up to here a system with a vanishing pivot is factorised as a dense one.
_DENSE = 3000


@dataclass(frozen=True)
class Factors:
    """
    A factorised matrix.

    Attributes:
        solve: Takes the right-hand sides as columns and returns the solutions.

        diagonal: The pivots.

        fill: How many entries the factors have.

        replaced: How many pivots were too small and were replaced.

        info: 0, or one more than the index of the first pivot that shows the matrix not to
            be positive definite although it was declared so.
    """

    solve: Callable[[Array], Array]
    diagonal: Array
    fill: int
    replaced: int = 0
    info: int = 0


def whole(matrix: Any, kind: str, view: str) -> Any:
    """
    Return the matrix that cuDSS works with.

    Args:
        matrix: A SciPy matrix as it was handed over.

        kind: The name of its ``MatrixType``. All but GENERAL are read from one triangle.

        view: The name of its ``MatrixViewType``; a FULL one is read from the
            upper triangle.
    """
    if kind == "GENERAL":
        return matrix.tocsc()
    half = sp.tril(matrix) if view == "LOWER" else sp.triu(matrix)
    other = half.conj().T if kind in ("HERMITIAN", "HPD") else half.T
    return (half + other - sp.diags_array(half.diagonal())).tocsc()


def factorise(
    matrix: Any, *, epsilon: float, positive: bool, absolute: bool = False
) -> Factors:
    """
    Factorise a square matrix.

    Args:
        matrix: In SciPy's compressed columns.

        epsilon: Which pivots count as zero.

        positive: Whether it was declared positive definite.

        absolute: Whether ``epsilon`` is compared with the pivots as it is. The default is
            that it is scaled by the largest entry.
    """
    scale = abs(matrix.data).max(initial=0.0)
    limit = epsilon if absolute else epsilon * (float(scale) or 1.0)
    if positive:
        return _cholesky(matrix, limit)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            factors = scipy.sparse.linalg.splu(matrix)
    except RuntimeError:  # "Factor is exactly singular"
        return _with_replaced_pivots(matrix, limit)
    pivots = factors.U.diagonal()
    if not abs(pivots).min(initial=np.inf) > limit:
        return _with_replaced_pivots(matrix, limit)
    return Factors(factors.solve, pivots, int(factors.nnz))


def _cholesky(matrix: Any, limit: float) -> Factors:
    """Factorise without interchanges; a pivot that is not positive spoils the answer."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            factors = scipy.sparse.linalg.splu(
                matrix,
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )
    except RuntimeError:
        return _with_replaced_pivots(matrix, limit, info=1)
    pivots = factors.U.diagonal()
    bad = np.flatnonzero(~(pivots.real > limit))
    if bad.size:
        info = int(bad[0]) + 1

        def refuse(rhs: Array) -> Array:
            return np.full_like(rhs, np.nan)

        return Factors(refuse, pivots, int(factors.nnz), int(bad.size), info)
    return Factors(factors.solve, pivots, int(factors.nnz) // 2)


def _with_replaced_pivots(matrix: Any, limit: float, info: int = 0) -> Factors:
    n = matrix.shape[0]
    if n > _DENSE:
        shifted = matrix + limit * sp.eye_array(n, dtype=matrix.dtype, format="csc")
        factors = scipy.sparse.linalg.splu(shifted.tocsc())
        return Factors(factors.solve, factors.U.diagonal(), int(factors.nnz), 1, info)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lu, order = scipy.linalg.lu_factor(matrix.toarray(), check_finite=False)
    pivots = lu.diagonal().copy()
    small = ~(abs(pivots) > limit)
    pivots[small] = np.where(pivots[small].real < 0, -limit, limit)
    np.fill_diagonal(lu, pivots)

    def solve(rhs: Array) -> Array:
        with np.errstate(all="ignore"):
            solved = scipy.linalg.lu_solve((lu, order), rhs, check_finite=False)
        return np.asarray(solved)

    return Factors(solve, pivots, n * n, int(small.sum()), info)
