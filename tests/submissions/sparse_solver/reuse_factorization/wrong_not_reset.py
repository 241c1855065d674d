# Does not tell the solver of the next right-hand side.
# expect: failed values wrong_value

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    with DirectSolver(a, next(items).copy()) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve()
        for _ in items:
            yield solver.solve()
