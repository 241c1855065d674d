# Uploads on another stream and multiplies at once.
# expect: failed values wrong_value

import math
import cupy as cp


import cupyx

def pipeline(a, b, rounds):
    s = cp.cuda.Stream(non_blocking=True)
    ha, hb = cupyx.empty_like_pinned(a), cupyx.empty_like_pinned(b)
    ha[...] = a
    hb[...] = b
    x, g = cp.empty_like(ha, shape=a.shape) if False else cp.empty(a.shape, a.dtype), cp.empty(b.shape, b.dtype)
    x.set(ha, stream=s)
    g.set(hb, stream=s)
    for _ in range(rounds):
        x = x @ g / math.sqrt(len(b))
    return x.get()
