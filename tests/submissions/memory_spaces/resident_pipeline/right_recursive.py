# Recursion instead of a loop.
# expect: passed

import cupy as cp


def on_gpu(x, b, rounds):
    if rounds == 0:
        return x
    return on_gpu(x @ b / cp.sqrt(b.shape[0]).astype(b.dtype), b, rounds - 1)


def pipeline(a, b, rounds):
    return on_gpu(cp.asarray(a), cp.asarray(b), rounds).get()
