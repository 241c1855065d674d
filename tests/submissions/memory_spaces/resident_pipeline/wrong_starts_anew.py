# Multiplies a in every round.
# expect: failed values wrong_value

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    root = a.dtype.type(np.sqrt(b.shape[0]))
    a_gpu = x
    for _ in range(rounds):
        x = a_gpu @ step / root
    return cp.asnumpy(x)
