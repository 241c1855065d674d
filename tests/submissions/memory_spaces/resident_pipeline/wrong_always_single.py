# Returns float32, whatever came in.
# expect: failed values wrong_dtype; copies wrong_memory_space

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    root = a.dtype.type(np.sqrt(b.shape[0]))
    for _ in range(rounds):
        x = x @ step / root
    return cp.asnumpy(x.astype(cp.float32))
