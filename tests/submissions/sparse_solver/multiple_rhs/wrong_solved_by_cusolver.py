# Uses CuPy's own sparse solver, which is not cuDSS.
# expect: failed solver wrong_phases

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from cupyx.scipy.sparse.linalg import spsolve


def checked(a, x, b):
    rest = cp.linalg.norm(a @ x - b, axis=0)
    limit = np.sqrt(np.finfo(b.dtype).eps) * cp.linalg.norm(b, axis=0)
    if not cp.all(rest <= limit):
        msg = "singular"
        raise np.linalg.LinAlgError(msg)
    return x


def solve(a_coo, b):
    a = csp.csr_matrix(a_coo)
    return checked(a, spsolve(a, b), b)
