# Takes b at the same address for the same b.
# expect: failed values wrong_value; solver wrong_phases

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver


def checked(a, x, b):
    rest = cp.linalg.norm(a @ x - b, axis=0)
    limit = np.sqrt(np.finfo(b.dtype).eps) * cp.linalg.norm(b, axis=0)
    if not cp.all(rest <= limit):
        msg = "singular"
        raise np.linalg.LinAlgError(msg)
    return x


RESULTS = {}


def solve(a_coo, b):
    key = (b.data.ptr, b.shape)
    if key not in RESULTS:
        a = csp.coo_matrix(a_coo).tocsr()
        columns = cp.asfortranarray(b)
        RESULTS[key] = checked(a, direct_solver(a, columns), columns)
    return RESULTS[key].copy()
