# Leaves the last round out.
# expect: failed values wrong_value; on_gpu wrong_memory_space

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    root = a.dtype.type(np.sqrt(b.shape[0]))
    for _ in range(rounds - 1):
        x = x @ step / root
    return cp.asnumpy(x)
