# Allocates from a memory pool of its own, and lets NumPy's functions dispatch to CuPy.
# expect: passed

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    with cp.cuda.using_allocator(cp.cuda.MemoryPool().malloc):
        x, matrix = cp.array(a, copy=True), cp.array(b)
        for _ in range(rounds):
            x = np.multiply(np.matmul(x, matrix), 1.0 / float(b.shape[0]) ** 0.5)
        return cp.asnumpy(x, order="C")
