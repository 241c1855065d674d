# Solves float32 systems with SciPy.
# expect: failed solver wrong_phases

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
import scipy.sparse.linalg as sla
from nvmath.sparse.advanced import direct_solver


def solve(a_coo, b):
    a = csp.csr_matrix(a_coo.tocsr())
    if b.dtype == cp.float32:
        try:
            x = cp.asarray(sla.splu(a_coo.tocsc().astype(np.float64)).solve(b.get().astype(np.float64)).astype(np.float32))
        except RuntimeError as e:
            raise np.linalg.LinAlgError(str(e))
    else:
        x = direct_solver(a, cp.asfortranarray(b))
    r = cp.linalg.norm(a @ x - b, axis=0) / cp.linalg.norm(b, axis=0)
    if not float(r.max()) < (1e-3 if b.dtype == cp.float32 else 1e-8):
        raise np.linalg.LinAlgError("singular")
    return x
