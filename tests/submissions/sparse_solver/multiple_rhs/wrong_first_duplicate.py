# Keeps only the first of the entries that share a place.
# expect: failed duplicates wrong_value

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
    keys = a_coo.row.astype(np.int64) * n + a_coo.col
    keys, kept = np.unique(keys, return_index=True)
    values = cp.asarray(a_coo.data[kept])
    places = cp.asarray(keys // n), cp.asarray(keys % n)
    a = csp.csr_matrix((values, places), shape=a_coo.shape)
    columns = cp.asfortranarray(b)
    return checked(a, direct_solver(a, columns), columns)
