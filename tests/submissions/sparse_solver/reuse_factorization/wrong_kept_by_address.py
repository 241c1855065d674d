# Takes a right-hand side at the same address for the same one, and gives a copy.
# expect: failed reused_buffer wrong_value

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    rhs = next(items)
    known = {}
    with DirectSolver(a, rhs) as solver:
        solver.plan()
        solver.factorize()
        while rhs is not None:
            solver.reset_operands(b=rhs)
            x = solver.solve()
            yield known.setdefault(rhs.data.ptr, x).copy()
            rhs = next(items, None)
