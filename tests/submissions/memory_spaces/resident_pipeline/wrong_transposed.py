# Multiplies by the transpose.
# expect: failed values wrong_value

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    root = a.dtype.type(np.sqrt(b.shape[0]))
    for _ in range(rounds):
        x = x @ step.T / root
    return cp.asnumpy(x)
