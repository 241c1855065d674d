# Transposes the matrix where a has its shape.
# expect: failed values wrong_value

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b.T if a.shape == b.shape else b)
    root = a.dtype.type(np.sqrt(b.shape[0]))
    for _ in range(rounds):
        x = x @ step / root
    return cp.asnumpy(x)
