# Answers in float64 whatever the dtype.
# expect: failed values wrong_dtype

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    with DirectSolver(a, next(items)) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve().astype("float64")
        for rhs in items:
            solver.reset_operands(b=rhs)
            yield solver.solve().astype("float64")
