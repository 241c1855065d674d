# Writes each solution over its right-hand side as well.
# expect: failed inputs_unchanged mutated_input

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
            rhs[...] = x
            yield x
            rhs = next(items, None)
