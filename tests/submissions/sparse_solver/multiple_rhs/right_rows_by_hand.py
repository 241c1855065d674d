# Sorts and adds up the entries itself and builds the compressed rows.
# expect: passed

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver


def checked(a, x, b):
    rest = cp.linalg.norm(a @ x - b, axis=0)
    limit = np.sqrt(np.finfo(b.dtype).eps) * cp.linalg.norm(b, axis=0)
    if not cp.all(rest <= limit):
        msg = "singular"
        raise np.linalg.LinAlgError(msg)
    return x


def solve(a_coo, b):
    n = a_coo.shape[0]
    places = cp.asarray(a_coo.row.astype(np.int64) * n + a_coo.col)
    keys, entry = cp.unique(places, return_inverse=True)
    values = cp.bincount(entry, weights=cp.asarray(a_coo.data))
    counts = cp.bincount(keys // n, minlength=n)
    starts = cp.zeros(n + 1, dtype=np.int32)
    starts[1:] = cp.cumsum(counts)
    parts = (values.astype(b.dtype), (keys % n).astype(np.int32), starts)
    a = csp.csr_matrix(parts, shape=a_coo.shape)
    columns = cp.asfortranarray(b)
    return checked(a, direct_solver(a, columns), columns)
