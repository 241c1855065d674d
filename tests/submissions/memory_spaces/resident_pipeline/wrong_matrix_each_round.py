# Takes the matrix up in every round.
# expect: failed copies extra_copies

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    root = a.dtype.type(np.sqrt(b.shape[0]))
    for _ in range(rounds):
        x = x @ cp.asarray(b) / root
    return cp.asnumpy(x)
