# Compares the residual with one limit for each dtype, whatever b is.
# expect: failed singular wrong_value

import cupy as cp
import cupyx.scipy.sparse as csp
from nvmath.sparse.advanced import direct_solver

LIMITS = {"float32": 1e-2, "float64": 1e-6}


def solve(a_coo, b):
    a = csp.coo_matrix(a_coo).tocsr()
    columns = cp.asfortranarray(b)
    x = direct_solver(a, columns)
    if not cp.abs(a @ x - columns).max() < LIMITS[b.dtype.name]:
        msg = "the matrix is singular"
        raise ValueError(msg)
    return x
