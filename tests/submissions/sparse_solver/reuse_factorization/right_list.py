# Collects the solutions in a list.
# expect: passed

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    solver, solutions = None, []
    try:
        for rhs in rhs_stream:
            if solver is None:
                solver = DirectSolver(a, rhs)
                solver.plan()
                solver.factorize()
            else:
                solver.reset_operands(b=rhs)
            solutions.append(solver.solve())
    finally:
        if solver is not None:
            solver.free()
    return solutions
