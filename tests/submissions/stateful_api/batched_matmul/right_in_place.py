# Fills the result with the bias and lets the product work in place, on top of it.
# expect: passed

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def room(a, b, bias):
    out = cp.empty((len(a), a.shape[1], b.shape[2]), dtype=cp.float32)
    out[...] = bias
    return out


def batched(a, b, bias):
    out = room(a, b, bias)
    with Matmul(a, b, c=out, beta=1.0, options={"inplace": True}) as mm:
        mm.plan(epilog=MatmulEpilog.RELU)
        mm.execute()
    return out


def sequence(a, b, bias):
    out = room(a, b, bias)
    with Matmul(a[0], b[0], c=out[0], beta=1.0, options={"inplace": True}) as mm:
        mm.plan(epilog=MatmulEpilog.RELU)
        for i in range(len(a)):
            mm.reset_operands(a=a[i], b=b[i], c=out[i])
            mm.execute()
    return out
