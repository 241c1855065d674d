# Copies each right-hand side into a buffer of its own, which the solver knows.
# expect: passed

import cupy as cp
from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    buffer = cp.empty(a.shape[0], dtype=a.dtype)
    with DirectSolver(a, buffer) as solver:
        solver.plan()
        solver.factorize()
        for rhs in rhs_stream:
            buffer[...] = rhs
            yield solver.solve()
