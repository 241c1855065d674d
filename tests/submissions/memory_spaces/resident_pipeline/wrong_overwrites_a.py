# Writes the result into a.
# expect: failed inputs_unchanged mutated_input

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    root = a.dtype.type(np.sqrt(b.shape[0]))
    for _ in range(rounds):
        x = x @ step / root
    a[...] = cp.asnumpy(x)
    return a
