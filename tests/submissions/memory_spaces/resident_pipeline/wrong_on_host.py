# Computes with NumPy.
# expect: failed on_gpu wrong_memory_space

import numpy as np


def pipeline(a, b, rounds):
    x, step = a, b
    root = a.dtype.type(np.sqrt(b.shape[0]))
    for _ in range(rounds):
        x = x @ step / root
    return x
