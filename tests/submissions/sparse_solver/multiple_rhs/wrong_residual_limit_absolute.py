# Takes a residual for small that is small beside 1, whatever b is.
# expect: failed singular wrong_value

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver


def solve(a_coo, b):
    a = csp.coo_matrix(a_coo).tocsr()
    columns = cp.asfortranarray(b)
    x = direct_solver(a, columns)
    residual = cp.linalg.norm(a @ x - columns, axis=0)
    if not cp.all(residual <= np.sqrt(np.finfo(b.dtype).eps)):
        msg = "the matrix is singular"
        raise np.linalg.LinAlgError(msg)
    return x
