# Declares every matrix symmetric.
# expect: failed values wrong_value

from nvmath.bindings.cudss import MatrixType
from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    options = {"sparse_system_type": MatrixType.SYMMETRIC}
    with DirectSolver(a, next(items), options=options) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve()
        for rhs in items:
            solver.reset_operands(b=rhs)
            yield solver.solve()
