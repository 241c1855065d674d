# Brings each round's result down and takes it up again.
# expect: failed copies extra_copies

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    step = cp.asarray(b)
    x = a
    for _ in range(rounds):
        x = cp.asnumpy(cp.asarray(x) @ step / a.dtype.type(np.sqrt(b.shape[0])))
    return x
