# Solves in float32 whatever the dtype.
# expect: failed values wrong_value

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    small = a.astype("float32")
    items = (rhs.astype("float32") for rhs in rhs_stream)
    with DirectSolver(small, next(items)) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve().astype(a.dtype)
        for rhs in items:
            solver.reset_operands(b=rhs)
            yield solver.solve().astype(a.dtype)
