# Hands over the lower triangle alone where the matrix is symmetric.
# expect: passed

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.bindings.cudss import MatrixType, MatrixViewType
from nvmath.sparse.advanced import direct_solver


def checked(a, x, b):
    rest = cp.linalg.norm(a @ x - b, axis=0)
    limit = np.sqrt(np.finfo(b.dtype).eps) * cp.linalg.norm(b, axis=0)
    if not cp.all(rest <= limit):
        msg = "singular"
        raise np.linalg.LinAlgError(msg)
    return x


def solve(a_coo, b):
    a = csp.coo_matrix(a_coo).tocsr()
    columns = cp.asfortranarray(b)
    half, options = a, {}
    if (a != a.T).nnz == 0:
        half = csp.tril(a, format="csr")
        options = {
            "sparse_system_type": MatrixType.SYMMETRIC,
            "sparse_system_view": MatrixViewType.LOWER,
        }
    return checked(a, direct_solver(half, columns, options=options), columns)
