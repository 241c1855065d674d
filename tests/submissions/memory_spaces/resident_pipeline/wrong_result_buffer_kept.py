# Returns the same array from each call of a shape.
# expect: failed values wrong_value

import math
import cupy as cp
import numpy as np


_out = {}

def pipeline(a, b, rounds):
    x, g = cp.asarray(a), cp.asarray(b)
    for _ in range(rounds):
        x = x @ g / math.sqrt(len(b))
    out = _out.setdefault((a.shape, a.dtype.str), np.empty_like(a))
    x.get(out=out)
    return out
