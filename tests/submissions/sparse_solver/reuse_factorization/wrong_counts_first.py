# Asks the stream for its length.
# expect: failed values crashed; phases crashed; freed crashed; inputs_unchanged crashed

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    if len(rhs_stream) == 0:
        return
    items = iter(rhs_stream)
    with DirectSolver(a, next(items)) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve()
        for rhs in items:
            solver.reset_operands(b=rhs)
            yield solver.solve()
