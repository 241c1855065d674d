# Scales the matrix that it was given before it factorises.
# expect: failed inputs_unchanged mutated_input

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    a.data /= 2
    items = iter(rhs_stream)
    with DirectSolver(a, next(items)) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve() / 2
        for rhs in items:
            solver.reset_operands(b=rhs)
            yield solver.solve() / 2
