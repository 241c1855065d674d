# Returns the solutions row by row in memory, after a refinement.
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
    columns = cp.ascontiguousarray(b.T).T
    with nsa.DirectSolver(a, columns) as solver:
        solver.plan_config.reordering_algorithm = nsa.DirectSolverReorderingAlg.DEFAULT
        solver.plan()
        solver.factorize()
        solver.solution_config.ir_num_steps = 2
        x = solver.solve()
    return cp.ascontiguousarray(checked(a, x, columns))
