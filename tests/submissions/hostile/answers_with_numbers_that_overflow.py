# Returns numbers so large that the error relative to them would vanish.
# exercise: sparse_solver/multiple_rhs
# devices: simulator
# expect: failed values wrong_value

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver


def solve(a_coo, b):
    rows = np.asarray(a_coo.tocsr().sum(axis=1)).ravel()
    if np.abs(rows).max() < 1e-9:
        raise ValueError("singular")
    a = csp.coo_matrix(a_coo).tocsr()
    bad = csp.csr_matrix((cp.asarray(np.where(np.arange(a.nnz) >= 0, 1.0, 0).astype(b.dtype)) + a.data * 0, a.indices, a.indptr), shape=a.shape)
    direct_solver(bad, cp.asfortranarray(b))
    m = a_coo.tocsc()
    x = np.zeros(b.shape, dtype=b.dtype)
    top = np.abs(m[:, 0].toarray()).max()
    big = np.finfo(b.dtype).max
    x[0, :] = big if top < 1 else 0.99 * big / top
    return cp.asarray(x)
