# Works on a stream of its own and does not wait for it.
# expect: failed values wrong_value
# devices: simulator

import cupy as cp
from nvmath.sparse.advanced import DirectSolver

OWN = cp.cuda.Stream(non_blocking=True)


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    rhs = next(items)
    cp.cuda.get_current_stream().synchronize()
    with DirectSolver(a, rhs, stream=OWN) as solver:
        solver.plan(stream=OWN)
        solver.factorize(stream=OWN)
        while rhs is not None:
            solver.reset_operands(b=rhs, stream=OWN)
            yield solver.solve(stream=OWN)
            rhs = next(items, None)
