# Gives solutions that are computed after the solver is gone.
# expect: failed values crashed; phases crashed; freed crashed; inputs_unchanged crashed

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    with DirectSolver(a, next(items)) as solver:
        solver.plan()
        solver.factorize()
        first = solver.solve()

        def rest():
            yield first
            for rhs in items:
                solver.reset_operands(b=rhs)
                yield solver.solve()

        return rest()
