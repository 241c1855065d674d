# Gives the same array again for a right-hand side that comes twice.
# expect: failed own_arrays wrong_value; phases wrong_phases

from nvmath.sparse.advanced import (DirectSolver)


def solve_stream(a, rhs_stream):
    s, x, last = None, None, None
    for b in rhs_stream:
        if last is not None and bool((b == last).all()):
            yield x
            continue
        last = b.copy()
        if s is None:
            s = DirectSolver(a, last); s.plan(); s.factorize()
        else:
            s.reset_operands(b=last)
        x = s.solve()
        yield x
    s.free()
