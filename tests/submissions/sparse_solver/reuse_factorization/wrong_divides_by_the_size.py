# Solves for right-hand sides scaled to size 1, which divides 0 by 0 where one is zero.
# expect: failed values wrong_value

import cupy as cp
from nvmath.sparse.advanced import DirectSolver


def solve_stream(a, rhs_stream):
    solver, solutions = None, []
    try:
        for rhs in rhs_stream:
            size = cp.linalg.norm(rhs)
            scaled = rhs / size
            if solver is None:
                solver = DirectSolver(a, scaled)
                solver.plan()
                solver.factorize()
            else:
                solver.reset_operands(b=scaled)
            solutions.append(solver.solve() * size)
    finally:
        if solver is not None:
            solver.free()
    return solutions
