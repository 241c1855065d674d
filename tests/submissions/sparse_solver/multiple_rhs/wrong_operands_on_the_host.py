# Hands the solver a SciPy matrix and b as a NumPy array.
# expect: failed solver wrong_memory_space

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
    x = cp.asarray(direct_solver(a, np.asfortranarray(b.get())))
    return checked(csp.csr_matrix(a), x, b)
