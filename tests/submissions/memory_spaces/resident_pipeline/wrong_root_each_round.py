# Takes the divisor up in every round.
# expect: failed copies extra_copies

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    root = np.array([np.sqrt(b.shape[0])], dtype=a.dtype)
    for _ in range(rounds):
        x = x @ step / cp.asarray(root)
    return cp.asnumpy(x)
