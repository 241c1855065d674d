# Works on the transposes, x^T = b^T x^T.
# expect: passed

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x = cp.asarray(a).T
    step = cp.asarray(b).T
    for _ in range(rounds):
        x = (step @ x) / a.dtype.type(b.shape[0] ** 0.5)
    return np.ascontiguousarray(cp.asnumpy(x.T))
