# Changes the right-hand side without checks, since all are alike.
# expect: passed

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    with DirectSolver(a, next(items)) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve()
        for rhs in items:
            solver.reset_operands_unchecked(b=rhs)
            yield solver.solve()
