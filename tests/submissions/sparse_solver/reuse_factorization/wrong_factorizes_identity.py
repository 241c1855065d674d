# Factorises the identity, and lets CuPy solve with the dense matrix.
# expect: failed phases wrong_phases
# devices: simulator

import cupy as cp
import cupyx.scipy.sparse as csp
from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    dense = a.toarray()
    eye = csp.identity(a.shape[0], dtype=a.dtype, format="csr")
    solver = None
    for b in rhs_stream:
        if solver is None:
            solver = DirectSolver(eye, b)
            solver.plan()
            solver.factorize()
        else:
            solver.reset_operands(b=b)
        x = solver.solve()
        x[...] = cp.linalg.solve(dense, b)
        yield x
    solver.free()
