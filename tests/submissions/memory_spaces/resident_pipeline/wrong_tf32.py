# Multiplies float32 in TF32: all values are a little off.
# expect: failed values wrong_value

import cupy as cp
import numpy as np
from nvmath.linalg import advanced

FAST = {"compute_type": advanced.MatmulComputeType.COMPUTE_32F_FAST_TF32}


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    options = FAST if a.dtype == np.float32 else None
    root = a.dtype.type(np.sqrt(b.shape[0]))
    for _ in range(rounds):
        x = advanced.matmul(x, step, options=options) / root
    return cp.asnumpy(x)
