# Runs all phases for each right-hand side.
# expect: failed phases wrong_phases

from nvmath.sparse.advanced import direct_solver


def solve_stream(a, rhs_stream):
    for rhs in rhs_stream:
        yield direct_solver(a, rhs)
