# Takes one norm over all columns of the residual.
# expect: failed singular wrong_value

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver


def solve(a_coo, b):
    a = csp.csr_matrix(a_coo.tocsr())
    x = direct_solver(a, cp.asfortranarray(b))
    tol = 1e-3 if b.dtype == cp.float32 else 1e-8
    if not float(cp.linalg.norm(a @ x - b)) <= tol * float(cp.linalg.norm(b)):
        raise np.linalg.LinAlgError("singular")
    return x
