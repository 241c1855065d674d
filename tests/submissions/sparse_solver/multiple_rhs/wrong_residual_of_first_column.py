# Looks at the residual of the first column alone.
# expect: failed singular wrong_value

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver


def solve(a_coo, b):
    a = csp.coo_matrix(a_coo).tocsr()
    columns = cp.asfortranarray(b)
    x = direct_solver(a, columns)
    residual = cp.linalg.norm(a @ x[:, 0] - columns[:, 0])
    if not residual <= 1e-3 * cp.linalg.norm(columns[:, 0]):
        msg = "the matrix is singular"
        raise np.linalg.LinAlgError(msg)
    return x
