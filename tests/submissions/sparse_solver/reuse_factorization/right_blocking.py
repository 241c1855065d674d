# Lets each phase block, and logs to a logger of its own.
# expect: passed

import logging

from nvmath.sparse.advanced import DirectSolver

LOGGER = logging.getLogger("stream")
LOGGER.setLevel(logging.INFO)


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    first = next(items)
    options = {"blocking": True, "logger": LOGGER}
    with DirectSolver(a, first, options=options) as solver:
        solver.plan()
        solver.factorize()
        solutions = (solver.solve(),)
        for rhs in items:
            solver.reset_operands(b=rhs)
            solutions += (solver.solve(),)
    return solutions
