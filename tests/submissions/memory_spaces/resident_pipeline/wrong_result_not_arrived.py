# Returns page-locked memory into which the result is still being copied.
# expect: failed values wrong_value
# devices: simulator

import math

import cupy as cp
import cupyx


def pipeline(a, b, rounds):
    x, g = cp.asarray(a), cp.asarray(b)
    for _ in range(rounds):
        x = x @ g / x.dtype.type(math.sqrt(len(b)))
    result = cupyx.empty_like_pinned(a)
    x.get(out=result, blocking=False)
    return result
