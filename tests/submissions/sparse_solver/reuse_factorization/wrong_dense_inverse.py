# Inverts a dense matrix once and multiplies.
# expect: failed phases wrong_phases; freed wrong_phases

import cupy as cp


def solve_stream(a, rhs_stream):
    inverse = cp.linalg.inv(a.toarray())
    for rhs in rhs_stream:
        x = inverse @ rhs
        yield x + inverse @ (rhs - a @ x)
