# Solves with the transposed matrix.
# expect: failed values wrong_value

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    a = a.T.tocsr()
    items = iter(rhs_stream)
    with DirectSolver(a, next(items)) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve()
        for rhs in items:
            solver.reset_operands(b=rhs)
            yield solver.solve()
