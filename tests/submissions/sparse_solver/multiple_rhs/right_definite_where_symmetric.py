# Declares a matrix positive definite where it is symmetric with a positive diagonal.
# expect: passed

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
import nvmath.sparse.advanced as nsa
from nvmath.bindings.cudss import MatrixType


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
    symmetric = abs(a - a.T).sum() == 0 and bool((a.diagonal() > 0).all())
    kind = MatrixType.SPD if symmetric else MatrixType.GENERAL
    x = nsa.direct_solver(a, columns, options={"sparse_system_type": kind})
    return checked(a, x, columns)
