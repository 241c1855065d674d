# Keeps the factors for matrices of the same size.
# expect: failed values wrong_value; phases wrong_phases; freed wrong_phases

from nvmath.sparse.advanced import DirectSolver

SOLVERS = {}


def solve_stream(a, rhs_stream):
    key = a.shape, a.nnz, str(a.dtype)
    solutions = []
    for rhs in rhs_stream:
        if key not in SOLVERS:
            SOLVERS[key] = DirectSolver(a, rhs)
            SOLVERS[key].plan()
            SOLVERS[key].factorize()
        SOLVERS[key].reset_operands(b=rhs)
        solutions.append(SOLVERS[key].solve())
    return solutions
