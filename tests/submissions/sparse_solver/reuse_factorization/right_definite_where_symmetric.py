# Declares a matrix positive definite where it is.
# expect: passed

from nvmath.bindings.cudss import MatrixType
from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    definite = abs(a - a.T).sum() == 0 and bool((a.diagonal() > 0).all())
    kind = MatrixType.SPD if definite else MatrixType.GENERAL
    items = iter(rhs_stream)
    with DirectSolver(a, next(items), options={"sparse_system_type": kind}) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve()
        for rhs in items:
            solver.reset_operands(b=rhs)
            yield solver.solve()
