# Gives the right-hand sides back with the solutions in them.
# expect: failed own_arrays wrong_value; inputs_unchanged mutated_input

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    rhs = next(items)
    with DirectSolver(a, rhs) as solver:
        solver.plan()
        solver.factorize()
        while rhs is not None:
            solver.reset_operands(b=rhs)
            rhs[...] = solver.solve()
            yield rhs
            rhs = next(items, None)
