# All work on a stream of its own, from pinned memory.
# expect: passed

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    stream = cp.cuda.Stream(non_blocking=True)
    with stream:
        x, step = cp.empty(a.shape, a.dtype), cp.empty(b.shape, b.dtype)
        x.set(a, stream=stream)
        step.set(b, stream=stream)
        root = a.dtype.type(np.sqrt(len(b)))
        for _ in range(rounds):
            x = cp.dot(x, step) / root
        result = cp.asnumpy(x, stream=stream)
    stream.synchronize()
    return result
