# Solves float32 systems with a dense solver.
# expect: failed solver wrong_phases

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver


def solve(a_coo, b):
    a = csp.csr_matrix(a_coo.tocsr())
    if b.dtype == cp.float32:
        x = cp.linalg.solve(a.toarray(), b)
    else:
        x = direct_solver(a, cp.asfortranarray(b))
    r = cp.linalg.norm(a @ x - b, axis=0) / cp.linalg.norm(b, axis=0)
    if not float(r.max()) < (1e-3 if b.dtype == cp.float32 else 1e-8):
        raise np.linalg.LinAlgError("singular")
    return x
