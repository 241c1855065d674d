# Asks for the next right-hand side before it has solved for this one.
# expect: failed reused_buffer wrong_value

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    rhs = next(items)
    with DirectSolver(a, rhs) as solver:
        solver.plan()
        solver.factorize()
        while rhs is not None:
            ahead = next(items, None)
            solver.reset_operands(b=rhs)
            yield solver.solve()
            rhs = ahead
