# Divides by k.
# expect: failed values wrong_value

import cupy as cp


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    root = a.dtype.type(b.shape[0])
    for _ in range(rounds):
        x = x @ step / root
    return cp.asnumpy(x)
