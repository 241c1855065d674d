# Both operands go up in one copy, and the product writes into two buffers in turn.
# expect: passed

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    both = cp.asarray(np.concatenate([a.ravel(), b.ravel()]))
    x = both[: a.size].reshape(a.shape)
    step = both[a.size :].reshape(b.shape)
    spare = cp.empty_like(x)
    for _ in range(rounds):
        cp.matmul(x, step, out=spare)
        spare /= a.dtype.type(np.sqrt(b.shape[0]))
        x, spare = spare, x
    return cp.asnumpy(x)
