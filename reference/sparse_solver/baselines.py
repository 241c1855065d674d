"""What is usually written before the lesson: a dense matrix, and all the work each time."""

from collections.abc import Iterable

import cupy as cp
import cupyx.scipy.sparse as csp
import scipy.sparse as sp
from nvmath.sparse.advanced import direct_solver


def solve(a_coo: sp.coo_matrix, b: cp.ndarray) -> cp.ndarray:
    """Fill in all the zeros and solve a dense system."""
    return cp.linalg.solve(cp.asarray(a_coo.toarray()), b)


def solve_stream(
    a: csp.csr_matrix, rhs_stream: Iterable[cp.ndarray]
) -> list[cp.ndarray]:
    """Plan and factorise again for each right-hand side."""
    return [direct_solver(a, rhs) for rhs in rhs_stream]
