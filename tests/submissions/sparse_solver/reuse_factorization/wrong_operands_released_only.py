# Releases the operands and takes that for freeing.
# expect: failed freed wrong_phases

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    solver = DirectSolver(a, next(items))
    solver.plan()
    solver.factorize()
    yield solver.solve()
    for rhs in items:
        solver.reset_operands(b=rhs)
        yield solver.solve()
    solver.release_operands()
