# Takes the solution to the host to look at the residual there.
# expect: passed

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver


def solve(a_coo, b):
    x = direct_solver(csp.csr_matrix(a_coo), cp.asfortranarray(b))
    right = b.get()
    rest = np.linalg.norm(a_coo @ x.get() - right, axis=0)
    if not np.all(rest < 1e-3 * np.linalg.norm(right, axis=0)):
        msg = f"no solution: the residual is {rest}"
        raise ValueError(msg)
    return x
