# Multiplies in float16.
# expect: failed values wrong_value

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asarray(a).astype("e"), cp.asarray(b).astype("e")
    root = a.dtype.type(np.sqrt(b.shape[0]))
    for _ in range(rounds):
        x = (x @ step / root).astype("e")
    return cp.asnumpy(x.astype(a.dtype))
