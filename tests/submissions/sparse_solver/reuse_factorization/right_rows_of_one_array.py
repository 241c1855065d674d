# Gives rows of one array: no two of them share an element.
# expect: passed

import cupy as cp
from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    first = next(items)
    rows = cp.empty((64, a.shape[0]), dtype=a.dtype)
    with DirectSolver(a, first) as solver:
        solver.plan()
        solver.factorize()
        rows[0] = solver.solve()
        count = 1
        for rhs in items:
            solver.reset_operands(b=rhs)
            rows[count] = solver.solve()
            count += 1
    return list(rows[:count])
