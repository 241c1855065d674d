# Asks the solver whether it had to replace a pivot, and looks at the residual.
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
    a = csp.coo_matrix(a_coo).tocsr()
    columns = cp.asfortranarray(b)
    with nsa.DirectSolver(a, columns) as solver:
        solver.plan()
        facts = solver.factorize()
        if facts.info != 0:
            msg = f"pivot {facts.info} is not what it should be"
            raise ValueError(msg)
        return checked(a, solver.solve(), columns)
