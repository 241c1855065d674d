# Takes a right-hand side of zeros for the end of the stream.
# expect: failed values wrong_shape; phases wrong_phases
import cupy as cp
from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    stream = iter(rhs_stream)
    b = next(stream)
    with DirectSolver(a, b) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve()
        for b in stream:
            if not bool(b.any()):
                break
            solver.reset_operands(b=b)
            yield solver.solve()
