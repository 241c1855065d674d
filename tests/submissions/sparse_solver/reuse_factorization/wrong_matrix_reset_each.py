# Resets the matrix with the right-hand side, and so plans again.
# expect: failed phases wrong_phases

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    rhs = next(items)
    with DirectSolver(a, rhs) as solver:
        while rhs is not None:
            solver.reset_operands(a=a, b=rhs)
            solver.plan()
            solver.factorize()
            yield solver.solve()
            rhs = next(items, None)
