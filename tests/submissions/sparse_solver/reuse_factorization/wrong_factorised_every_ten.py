# Factorises again after every ten right-hand sides.
# expect: failed phases wrong_phases

from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    s = None
    for i, rhs in enumerate(rhs_stream):
        if s is None:
            s = DirectSolver(a, rhs)
            s.plan()
        else:
            s.reset_operands(b=rhs)
        if i % 10 == 0:
            s.factorize()
        yield s.solve()
    s.free()
