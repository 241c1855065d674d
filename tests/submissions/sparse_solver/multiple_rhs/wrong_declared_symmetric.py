# Declares every matrix symmetric.
# expect: failed values wrong_value

import cupy as cp
import cupyx.scipy.sparse as csp
from nvmath.bindings.cudss import MatrixType
from nvmath.sparse.advanced import direct_solver


def solve(a_coo, b):
    a = csp.coo_matrix(a_coo).tocsr()
    columns = cp.asfortranarray(b)
    options = {"sparse_system_type": MatrixType.SYMMETRIC}
    return direct_solver(a, columns, options=options)
