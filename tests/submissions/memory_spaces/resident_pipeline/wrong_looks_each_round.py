# Looks at one number of each round.
# expect: failed copies extra_copies

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    root = a.dtype.type(np.sqrt(b.shape[0]))
    for _ in range(rounds):
        x = x @ step / root
        if not cp.isfinite(x[0, 0]):
            break
    return cp.asnumpy(x)
