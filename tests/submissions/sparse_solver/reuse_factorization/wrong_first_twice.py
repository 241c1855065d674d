# Solves for the first right-hand side once more.
# expect: failed values wrong_shape; phases wrong_phases

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    first = next(items)
    with DirectSolver(a, first) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve()
        for rhs in (first, *items):
            solver.reset_operands(b=rhs)
            yield solver.solve()
