# Computes in float64 on the GPU and rounds there.
# expect: passed

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x = cp.asarray(a).astype(cp.float64)
    step = cp.asarray(b).astype(cp.float64) / np.sqrt(b.shape[0])
    for _ in range(rounds):
        x = x @ step
    return cp.asnumpy(x.astype(a.dtype))
