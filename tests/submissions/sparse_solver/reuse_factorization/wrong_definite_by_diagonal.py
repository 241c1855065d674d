# Declares a matrix positive definite whose diagonal is positive.
# expect: failed values wrong_value

import cupy as cp
from nvmath.sparse.advanced import DirectSolver, DirectSolverMatrixType as T, DirectSolverMatrixViewType as V


def solve_stream(a, rhs_stream):
    s = None
    opts = {"sparse_system_type": T.SPD, "sparse_system_view": V.UPPER} if bool((a.diagonal() > 0).all()) else {}
    for rhs in rhs_stream:
        if s is None:
            s = DirectSolver(a, rhs, options=opts)
            s.plan()
            s.factorize()
        else:
            s.reset_operands(b=rhs)
        yield s.solve()
    s.free()
