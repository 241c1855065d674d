# Factorises once and solves for one column after the other.
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
    a = csp.csr_matrix(a_coo)
    columns = [cp.ascontiguousarray(b[:, i]) for i in range(b.shape[1])]
    x = cp.empty_like(b)
    with nsa.DirectSolver(a, columns[0]) as solver:
        solver.plan()
        solver.factorize()
        for i, column in enumerate(columns):
            solver.reset_operands(b=column)
            x[:, i] = solver.solve()
    return checked(a, x, b)
