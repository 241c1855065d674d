# Takes a matrix for singular where x is above 100,000, however small the matrix is.
# expect: failed values crashed; solver crashed; inputs_unchanged crashed

import cupy as cp
import cupyx.scipy.sparse as csp
from nvmath.sparse.advanced import direct_solver


def solve(a_coo, b):
    a = csp.coo_matrix(a_coo).tocsr()
    x = direct_solver(a, cp.asfortranarray(b))
    if not cp.abs(x).max() < 1e5:
        msg = "the matrix is singular"
        raise ValueError(msg)
    return x
