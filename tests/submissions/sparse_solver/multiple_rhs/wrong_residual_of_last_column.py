# Looks at the residual of the last column alone.
# expect: failed singular wrong_value

import cupy as cp
import cupyx.scipy.sparse as csp
from nvmath.sparse.advanced import (direct_solver)


def solve(a_coo, b):
    a = csp.csr_matrix(a_coo)
    x = direct_solver(a, cp.asfortranarray(b))
    if not cp.linalg.norm(a @ x[:, -1] - b[:, -1]) < 1e-3 * cp.linalg.norm(b[:, -1]):
        raise ValueError("singular")
    return x
