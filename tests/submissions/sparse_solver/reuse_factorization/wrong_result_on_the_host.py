# Takes each solution to the host.
# expect: failed values wrong_memory_space

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    items = iter(rhs_stream)
    with DirectSolver(a, next(items)) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve().get()
        for rhs in items:
            solver.reset_operands(b=rhs)
            yield solver.solve().get()
