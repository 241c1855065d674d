# Keeps the matrix by its numbers, wherever they stand.
# expect: failed values wrong_value

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver

CSR = {}


def solve(a_coo, b):
    key = a_coo.shape, a_coo.nnz, a_coo.dtype.char, float(np.sort(a_coo.data).sum())
    if key not in CSR:
        CSR[key] = csp.csr_matrix(a_coo.tocsr())
    a = CSR[key]
    x = direct_solver(a, cp.asfortranarray(b))
    r = cp.linalg.norm(a @ x - b, axis=0) / cp.linalg.norm(b, axis=0)
    if not float(r.max()) < (1e-3 if b.dtype == cp.float32 else 1e-8):
        raise np.linalg.LinAlgError("singular")
    return x
