# Copies all right-hand sides before it begins.
# expect: passed

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    sides = [rhs.copy() for rhs in rhs_stream]
    with DirectSolver(a, sides[0]) as solver:
        solver.plan()
        solver.factorize()
        solutions = []
        for rhs in sides:
            solver.reset_operands(b=rhs)
            solutions.append(solver.solve())
        return solutions
