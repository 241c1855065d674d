# Declares a matrix positive definite whose diagonal is positive.
# expect: failed values crashed; solver crashed; inputs_unchanged crashed

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import DirectSolverMatrixType as T, DirectSolverMatrixViewType as V, direct_solver


def solve(a_coo, b):
    h = a_coo.tocsr()
    spd = (h.diagonal() > 0).all()
    options = {"sparse_system_type": T.SPD, "sparse_system_view": V.UPPER} if spd else {}
    a = csp.csr_matrix(h)
    x = direct_solver(a, cp.asfortranarray(b), options=options)
    r = cp.linalg.norm(a @ x - b, axis=0) / cp.linalg.norm(b, axis=0)
    if not float(r.max()) < (1e-3 if b.dtype == cp.float32 else 1e-8):
        raise np.linalg.LinAlgError("singular")
    return x
