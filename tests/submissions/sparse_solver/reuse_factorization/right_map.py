# Gives a chain of mapped solutions, and frees the solver at its end.
# expect: passed

import itertools

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    first = next(items)
    solver = DirectSolver(a, first)
    solver.plan()
    solver.factorize()

    def solution(rhs):
        solver.reset_operands(b=rhs)
        return solver.solve()

    def end():
        solver.free()
        yield from ()

    return itertools.chain(map(solution, itertools.chain([first], items)), end())
