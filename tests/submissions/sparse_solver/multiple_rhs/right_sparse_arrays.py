# Uses the array classes, and compressed columns on the way.
# expect: passed

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


def solve(a_coo, b):
    a = csp.csr_array(csp.coo_array(a_coo).tocsc())
    columns = cp.array(b, order="F")
    return checked(a, direct_solver(a, columns), columns)
