# Adds up duplicates in the matrix it was given: it is the same matrix.
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
    a_coo.sum_duplicates()
    parts = cp.asarray(a_coo.data), (cp.asarray(a_coo.row), cp.asarray(a_coo.col))
    a = csp.csr_matrix(parts, shape=a_coo.shape)
    columns = cp.asfortranarray(b)
    return checked(a, direct_solver(a, columns), columns)
