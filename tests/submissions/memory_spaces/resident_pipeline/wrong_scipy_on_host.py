# Lets BLAS multiply on the CPU and copies for the look of it.
# expect: failed on_gpu wrong_memory_space

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asnumpy(cp.asarray(a)), cp.asarray(b)
    for _ in range(rounds):
        x = (x @ b / np.sqrt(b.shape[0])).astype(a.dtype)
    return x
