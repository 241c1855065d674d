# Drops entries below a hundredth of the largest, as if they were rounding.
# expect: failed values crashed; solver crashed; inputs_unchanged crashed

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
    a = a_coo.tocsr()
    sizes = np.abs(a.data)
    a.data[sizes < 1e-2 * sizes.max()] = 0
    a.eliminate_zeros()
    a = csp.csr_matrix(a)
    columns = cp.asfortranarray(b)
    return checked(a, direct_solver(a, columns), columns)
