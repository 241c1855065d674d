# Reads four right-hand sides at most.
# expect: failed values wrong_shape; phases wrong_phases

import itertools

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = itertools.islice(rhs_stream, 4)
    with DirectSolver(a, next(items)) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve()
        for rhs in items:
            solver.reset_operands(b=rhs)
            yield solver.solve()
