# Scales the caller's matrix.
# expect: failed inputs_unchanged mutated_input

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    b /= np.sqrt(b.shape[0])
    x, step = cp.asarray(a), cp.asarray(b)
    for _ in range(rounds):
        x = x @ step
    return cp.asnumpy(x)
