# Rounds float32 right-hand sides to float16.
# expect: failed values wrong_value

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    short = "float16" if a.dtype == "float32" else a.dtype
    items = (rhs.astype(short).astype(a.dtype) for rhs in rhs_stream)
    with DirectSolver(a, next(items)) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve()
        for rhs in items:
            solver.reset_operands(b=rhs)
            yield solver.solve()
