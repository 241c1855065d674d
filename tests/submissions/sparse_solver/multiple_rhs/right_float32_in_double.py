# Solves float32 systems in double precision.
# expect: passed

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import DirectSolver


def solve(a_coo, b):
    a = csp.csr_matrix(a_coo.astype(np.float64).tocsr())
    bd = b.astype(cp.float64, order="F")
    with DirectSolver(a, bd) as s:
        s.plan()
        s.factorize()
        x = s.solve()
    r = cp.linalg.norm(a @ x - bd, axis=0) / cp.linalg.norm(bd, axis=0)
    if (r > 1e-9).any() or not cp.isfinite(x).all():
        raise ValueError("A is singular")
    return x.astype(b.dtype)
