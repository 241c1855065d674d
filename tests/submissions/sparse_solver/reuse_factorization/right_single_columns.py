# Hands over matrices of one column and returns vectors.
# expect: passed

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    solver = None
    for rhs in rhs_stream:
        column = rhs.reshape(-1, 1)
        if solver is None:
            solver = DirectSolver(a, column)
            solver.plan()
            solver.factorize()
        solver.reset_operands(b=column)
        yield solver.solve().ravel()
    if solver is not None:
        solver.free()
