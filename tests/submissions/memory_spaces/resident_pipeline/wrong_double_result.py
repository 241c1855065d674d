# Divides by a NumPy float64, which makes double precision of single.
# expect: failed values wrong_dtype; copies extra_copies

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    root = np.sqrt(b.shape[0])
    for _ in range(rounds):
        x = x @ step / root
    return cp.asnumpy(x)
