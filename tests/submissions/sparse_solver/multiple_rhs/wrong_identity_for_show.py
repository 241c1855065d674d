# Has cuDSS solve for the identity, and solves densely.
# expect: failed solver wrong_phases

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver


def solve(a_coo, b):
    dense = a_coo.toarray()
    if np.linalg.matrix_rank(dense.astype("float64")) < len(dense):
        msg = "singular"
        raise ValueError(msg)
    nothing = csp.identity(len(dense), dtype=b.dtype, format="csr")
    direct_solver(nothing, cp.asfortranarray(b))
    return cp.linalg.solve(cp.asarray(dense), b)
