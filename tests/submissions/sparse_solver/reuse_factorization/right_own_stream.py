# Works on a stream of its own, waits for what is there and is waited for.
# expect: passed

import cupy as cp
from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    own = cp.cuda.Stream(non_blocking=True)
    items = iter(rhs_stream)
    rhs = next(items)
    outer = cp.cuda.get_current_stream()
    outer.synchronize()
    with DirectSolver(a, rhs, stream=own) as solver:
        solver.plan(stream=own)
        solver.factorize(stream=own)
        while rhs is not None:
            own.wait_event(outer.record())
            solver.reset_operands(b=rhs, stream=own)
            x = solver.solve(stream=own)
            own.synchronize()
            yield x
            rhs = next(items, None)
