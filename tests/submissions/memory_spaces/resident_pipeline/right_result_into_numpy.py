# The result comes down into an array made for it.
# expect: passed

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    result = np.empty_like(a)
    x, step = cp.asarray(a), cp.asarray(b)
    for _ in range(rounds):
        x = cp.tensordot(x, step, axes=1)
        x *= a.dtype.type(1 / np.sqrt(b.shape[0]))
    x.get(out=result)
    return result
