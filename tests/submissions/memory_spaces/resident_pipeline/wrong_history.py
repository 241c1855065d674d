# Brings every round's result down and returns the last.
# expect: failed copies extra_copies

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    root = a.dtype.type(np.sqrt(b.shape[0]))
    history = []
    for _ in range(rounds):
        x = x @ step / root
        history.append(cp.asnumpy(x))
    return history[-1]
