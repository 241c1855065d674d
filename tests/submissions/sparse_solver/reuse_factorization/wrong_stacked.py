# Gives one array with a row for each solution.
# expect: failed values wrong_dtype

import cupy as cp
from nvmath.sparse.advanced import DirectSolver


def solutions(a, rhs_stream):
    items = iter(rhs_stream)
    with DirectSolver(a, next(items)) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve()
        for rhs in items:
            solver.reset_operands(b=rhs)
            yield solver.solve()


def solve_stream(a, rhs_stream):
    return cp.stack(list(solutions(a, rhs_stream)))
