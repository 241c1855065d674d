# Leaves the last row as it was, unless it is the only one.
# expect: failed values wrong_value

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    root = a.dtype.type(np.sqrt(b.shape[0]))
    for _ in range(rounds):
        x = x @ step / root
    x[1:][-1:] = cp.asarray(step[:1])
    return cp.asnumpy(x)
