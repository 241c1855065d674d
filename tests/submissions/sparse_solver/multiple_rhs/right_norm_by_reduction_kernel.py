# Takes the norms of the residual's columns with a reduction written in C++.
# expect: passed

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver

l2norm = cp.ReductionKernel("T x", "T y", "x * x", "a + b", "y = sqrt(a)", "0", "l2norm")
worst = cp.ReductionKernel(
    "T r, T n, T eps", "bool bad", "!(r <= sqrt(eps) * n)", "a || b", "bad = a", "false", "worst"
)


def solve(a_coo, b):
    a = csp.csr_matrix(a_coo)
    columns = cp.asfortranarray(b)
    x = direct_solver(a, columns)
    left = l2norm(a @ x - columns, axis=0)
    eps = np.finfo(b.dtype).eps
    if worst(left, l2norm(columns, axis=0), eps):
        raise np.linalg.LinAlgError("singular")
    return x
