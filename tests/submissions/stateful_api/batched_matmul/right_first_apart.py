# Executes the planned first element before the loop, and writes into room for all.
# expect: passed

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def batched(a, b, bias):
    mm = Matmul(a, b)
    try:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
        return mm.execute()
    finally:
        mm.free()


def sequence(a, b, bias):
    batch, m, _ = a.shape
    out = cp.empty((batch, m, b.shape[2]), dtype=cp.float32)
    mm = Matmul(a[0], b[0])
    try:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        out[0] = mm.execute()
        for i in range(1, batch):
            mm.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
            out[i] = mm.execute()
    finally:
        mm.free()
    return out
