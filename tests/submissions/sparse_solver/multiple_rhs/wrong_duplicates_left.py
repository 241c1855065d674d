# Builds the rows itself and leaves entries that share a place as they are.
# expect: failed duplicates wrong_value; singular wrong_value
# devices: simulator

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver


def solve(a_coo, b):
    order = np.lexsort((a_coo.col, a_coo.row))
    counts = np.bincount(a_coo.row, minlength=a_coo.shape[0])
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    parts = a_coo.data[order], a_coo.col[order], starts
    a = csp.csr_matrix(tuple(map(cp.asarray, parts)), shape=a_coo.shape)
    columns = cp.asfortranarray(b)
    x = direct_solver(a, columns)
    if not cp.all(cp.abs(x) < 1e3 * cp.abs(columns).max()):
        msg = "singular"
        raise np.linalg.LinAlgError(msg)
    return x
