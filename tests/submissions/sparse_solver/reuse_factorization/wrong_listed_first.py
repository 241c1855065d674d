# Lists all right-hand sides before it solves for the first.
# expect: failed reused_buffer wrong_value

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    sides = list(rhs_stream)
    with DirectSolver(a, sides[0]) as solver:
        solver.plan()
        solver.factorize()
        for rhs in sides:
            solver.reset_operands(b=rhs)
            yield solver.solve()
