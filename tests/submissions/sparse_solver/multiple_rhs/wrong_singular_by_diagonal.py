# Takes a matrix for singular where its diagonal has a zero.
# expect: failed singular wrong_value

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver


def solve(a_coo, b):
    a = csp.coo_matrix(a_coo).tocsr()
    columns = cp.asfortranarray(b)
    if not cp.all(a.diagonal()):
        msg = "singular"
        raise np.linalg.LinAlgError(msg)
    return direct_solver(a, columns)
