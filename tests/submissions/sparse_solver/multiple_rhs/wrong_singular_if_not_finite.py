# Takes a finite answer for a right one.
# expect: failed singular wrong_value

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver


def solve(a_coo, b):
    a = csp.coo_matrix(a_coo).tocsr()
    columns = cp.asfortranarray(b)
    x = direct_solver(a, columns)
    if not cp.isfinite(x).all():
        msg = "singular"
        raise np.linalg.LinAlgError(msg)
    return x
