# Keeps the phases apart, with a solver object.
# expect: passed

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
import nvmath.sparse.advanced as nsa


def checked(a, x, b):
    rest = cp.linalg.norm(a @ x - b, axis=0)
    limit = np.sqrt(np.finfo(b.dtype).eps) * cp.linalg.norm(b, axis=0)
    if not cp.all(rest <= limit):
        msg = "singular"
        raise np.linalg.LinAlgError(msg)
    return x


def solve(a_coo, b):
    a = csp.csr_matrix(csp.coo_matrix(a_coo))
    columns = b.copy(order="F")
    with nsa.DirectSolver(a, columns) as solver:
        solver.plan()
        solver.factorize()
        return checked(a, solver.solve(), columns)
