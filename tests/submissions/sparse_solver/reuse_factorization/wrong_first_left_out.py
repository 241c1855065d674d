# Uses up the first right-hand side for the plan.
# expect: failed values wrong_shape; phases wrong_phases

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    with DirectSolver(a, next(items)) as solver:
        solver.plan()
        solver.factorize()
        for rhs in items:
            solver.reset_operands(b=rhs)
            yield solver.solve()
