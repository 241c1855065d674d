# Multiplies in float32 what came in float64.
# expect: failed values wrong_value

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asarray(a).astype("f"), cp.asarray(b).astype("f")
    root = np.float32(np.sqrt(b.shape[0]))
    for _ in range(rounds):
        x = x @ step / root
    return cp.asnumpy(x.astype(a.dtype))
