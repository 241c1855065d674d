# Leaves the last unknown zero.
# expect: failed values wrong_value

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    rhs = next(items)
    with DirectSolver(a, rhs) as solver:
        solver.plan()
        solver.factorize()
        while rhs is not None:
            solver.reset_operands(b=rhs)
            x = solver.solve()
            x[-1] = 0
            yield x
            rhs = next(items, None)
