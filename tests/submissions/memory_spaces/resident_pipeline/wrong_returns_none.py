# Has no return statement.
# expect: failed values wrong_dtype; memory_space wrong_dtype

import cupy as cp
import numpy as np


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    root = a.dtype.type(np.sqrt(b.shape[0]))
    for _ in range(rounds):
        x = x @ step / root
    cp.asnumpy(x)
