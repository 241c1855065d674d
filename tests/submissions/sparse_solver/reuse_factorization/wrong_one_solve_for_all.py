# Waits for all right-hand sides and solves for them at once.
# expect: failed phases wrong_phases

import cupy as cp
from nvmath.sparse.advanced import direct_solver


def solve_stream(a, rhs_stream):
    columns = cp.asfortranarray(cp.stack([rhs.copy() for rhs in rhs_stream], axis=1))
    x = direct_solver(a, columns)
    return [x[:, i].copy() for i in range(x.shape[1])]
