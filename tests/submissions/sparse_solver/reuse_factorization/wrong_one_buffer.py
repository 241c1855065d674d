# Gives the same array again and again, with another solution in it.
# expect: failed own_arrays wrong_value

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    with DirectSolver(a, next(items)) as solver:
        solver.plan()
        solver.factorize()
        x = solver.solve()
        yield x
        for rhs in items:
            solver.reset_operands(b=rhs)
            x[...] = solver.solve()
            yield x
