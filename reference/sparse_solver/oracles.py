"""The truth about the sparse_solver exercises, in float64 and without a GPU."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import scipy.sparse.linalg

Reals = npt.NDArray[np.float64]


def whole(matrix: Any) -> Any:
    """Return the matrix in float64, with the entries added up that share a place."""
    return matrix.astype(np.float64).tocsc()


def solve(matrix: Any, b: npt.NDArray[Any]) -> Reals:
    """Return the solution of A x = b for every column of b."""
    factors = scipy.sparse.linalg.splu(whole(matrix))
    solution: Reals = factors.solve(b.astype(np.float64))
    return solution


def backward_errors(matrix: Any, x: npt.NDArray[Any], b: npt.NDArray[Any]) -> Reals:
    """
    Return, for each column, by how much A and b would have to change for x to be exact.

    It is max |A x - b| / (||A|| max |x| + max |b|), with the largest row sum for ||A||; 0
    where x and b are zero, NaN where x is or where one of these exceeds float64.
    """
    a, columns = whole(matrix), b.reshape(len(b), -1).astype(np.float64)
    wide = x.reshape(len(b), -1).astype(np.float64)
    with np.errstate(all="ignore"):
        residual = np.abs(a @ wide - columns).max(axis=0)
        size = abs(a).sum(axis=1).max() * np.abs(wide).max(axis=0)
        errors: Reals = residual / (size + np.abs(columns).max(axis=0))
    # A finite residual over an infinite size is no small error.
    errors = np.where(np.isfinite(residual) & np.isfinite(size), errors, np.nan)
    nothing = ~columns.any(axis=0) & ~wide.any(axis=0)
    return np.where(nothing, 0.0, errors)


def solve_mistakes(
    matrix: Any, b: npt.NDArray[Any]
) -> dict[str, Callable[[], npt.NDArray[Any]]]:
    """Return the usual mistakes and what each of them gives in the place of x."""
    mistakes: dict[str, Callable[[], npt.NDArray[Any]]] = {
        "This solves with the transposed matrix: rows and columns are exchanged.": (
            lambda: solve(whole(matrix).T, b)
        ),
        "This solves with the upper triangle mirrored: is every matrix symmetric?": (
            lambda: solve(mirrored(matrix, upper=True), b)
        ),
        "This solves with the lower triangle mirrored: is every matrix symmetric?": (
            lambda: solve(mirrored(matrix, upper=False), b)
        ),
        "The memory of b was read column by column although it lies row by row.": (
            lambda: solve(matrix, b.reshape(-1).reshape(b.shape, order="F"))
        ),
        "The memory of b was read row by row although it lies column by column.": (
            lambda: solve(matrix, b.reshape(-1, order="F").reshape(b.shape))
        ),
        "All columns are the first column's solution.": (
            lambda: np.broadcast_to(_columns(solve(matrix, b))[:, :1], b.shape)
        ),
        "The columns come in the opposite order.": lambda: solve(matrix, b)[:, ::-1],
        "The signs of the matrix are lost.": lambda: solve(abs(whole(matrix)), b),
        "This is b divided by the diagonal: the other entries count as well.": (
            lambda: b / whole(matrix).diagonal()[:, None]
        ),
        "This is A b: a product, not a solution.": lambda: whole(matrix) @ b,
    }
    if whole(matrix).nnz < matrix.nnz:
        text = "Of entries that share a place only the {} one counts here; they add up."
        mistakes[text.format("last")] = lambda: solve(
            one_of_each_place(matrix, last=True), b
        )
        mistakes[text.format("first")] = lambda: solve(
            one_of_each_place(matrix, last=False), b
        )
    return mistakes


def one_of_each_place(matrix: Any, *, last: bool) -> Any:
    """Return the matrix with one entry alone for each place."""
    coo = matrix.tocoo()
    keys = coo.row.astype(np.int64) * coo.shape[1] + coo.col
    kept = np.unique(keys[::-1] if last else keys, return_index=True)[1]
    kept = len(keys) - 1 - kept if last else kept
    return sp.coo_array((coo.data[kept], (coo.row[kept], coo.col[kept])), coo.shape)


def mirrored(matrix: Any, *, upper: bool) -> Any:
    """Return the symmetric matrix of which a triangle is the matrix's."""
    half = sp.triu(whole(matrix)) if upper else sp.tril(whole(matrix))
    return half + half.T - sp.diags_array(half.diagonal())


def _columns(x: Reals) -> Reals:
    return x.reshape(len(x), -1)
