# Keeps one alone of entries that share a place and a value.
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
    entries = {*zip(a_coo.row, a_coo.col, a_coo.data, strict=True)}
    rows, columns, values = map(np.array, zip(*entries, strict=True))
    places = cp.asarray(rows), cp.asarray(columns)
    a = csp.coo_matrix((cp.asarray(values), places), shape=a_coo.shape).tocsr()
    right = cp.asfortranarray(b)
    return checked(a, direct_solver(a, right), right)
