# Frees the solver only when the next call comes.
# expect: failed freed wrong_phases

from nvmath.sparse.advanced import DirectSolver

KEPT = []


def solve_stream(a, rhs_stream):
    while KEPT:
        KEPT.pop().free()
    items = iter(rhs_stream)
    solver = DirectSolver(a, next(items))
    KEPT.append(solver)
    solver.plan()
    solver.factorize()
    yield solver.solve()
    for rhs in items:
        solver.reset_operands(b=rhs)
        yield solver.solve()
