# Divides once at the end, by all the roots: forty rounds outgrow float32 before.
# expect: failed values wrong_value

import cupy as cp


def pipeline(a, b, rounds):
    x, g = cp.asarray(a), cp.asarray(b)
    for _ in range(rounds):
        x = x @ g
    return cp.asnumpy(x * float(b.shape[0]) ** (-0.5 * rounds))
