# Returns a buffer that it keeps for each length.
# expect: failed spectrum wrong_value

import cupy as cp
import numpy as np
import nvmath


def where_does_it_run(call, space):
    return ("cuda" if call == "advanced.matmul" else space, space)


_b = {}
def spectrum_on(x, space):
    y = nvmath.fft.fft(x, execution=space)
    if isinstance(x, np.ndarray):
        o = _b.setdefault((x.size, x.dtype.str), np.empty_like(x))
        o[...] = y
        return o
    return y
