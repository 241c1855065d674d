# Looks at the residual of float64 systems alone.
# expect: failed singular wrong_value

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
import scipy.sparse as sp
from nvmath.sparse.advanced import direct_solver


def solve(a_coo: sp.coo_matrix, b: cp.ndarray) -> cp.ndarray:
    """Solve A x = b for every column of b, with cuDSS on the GPU."""
    # tocsr adds up the entries that share a place.
    a = csp.coo_matrix(a_coo).tocsr()
    # cuDSS reads right-hand sides column by column.
    columns = cp.asfortranarray(b)
    x = direct_solver(a, columns)

    # Where a pivot vanishes, cuDSS puts a small number in its place and goes on: the answer
    # to a singular system is finite, large and wrong. Only the residual tells.
    residual = cp.linalg.norm(a @ x - columns, axis=0)
    allowed = np.sqrt(np.finfo(b.dtype).eps) * cp.linalg.norm(columns, axis=0)
    if b.dtype == "d" and not cp.all(residual <= allowed):  # NaN is not, either
        msg = "the matrix is singular: A x differs from b"
        raise np.linalg.LinAlgError(msg)
    return x
