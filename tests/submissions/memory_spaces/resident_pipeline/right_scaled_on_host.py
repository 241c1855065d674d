# The matrix is scaled in NumPy before it goes up.
# expect: passed

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    step = cp.asarray((b / np.sqrt(b.shape[0])).astype(b.dtype))
    x = cp.asarray(a)
    for _ in range(rounds):
        x = cp.matmul(x, step)
    return cp.asnumpy(x)
