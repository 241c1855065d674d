# Solves before it resets, so that each solution is the one before.
# expect: failed values wrong_value

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    solver, solutions = None, []
    for rhs in rhs_stream:
        if solver is None:
            solver = DirectSolver(a, rhs.copy())
            solver.plan()
            solver.factorize()
        solutions.append(solver.solve())
        solver.reset_operands(b=rhs.copy())
    solver.free()
    return solutions
