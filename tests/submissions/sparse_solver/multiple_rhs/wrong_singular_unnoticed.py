# Believes whatever the solver answers.
# expect: failed singular wrong_value

import cupy as cp
import cupyx.scipy.sparse as csp
from nvmath.sparse.advanced import direct_solver


def solve(a_coo, b):
    a = csp.coo_matrix(a_coo).tocsr()
    columns = cp.asfortranarray(b)
    return direct_solver(a, columns)
