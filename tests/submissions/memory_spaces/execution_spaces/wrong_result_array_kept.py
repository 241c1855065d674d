# Fills one NumPy array with each result from the GPU, and returns it again and again.
# expect: failed spectrum wrong_value

import cupy as cp
import numpy as np
import nvmath

results = {}


def where_does_it_run(call, space):
    return ("cuda" if call == "advanced.matmul" else space), space


def spectrum_on(x, space):
    if space == "cpu" or isinstance(x, cp.ndarray):
        return nvmath.fft.fft(x, execution=space)
    kept = results.setdefault((x.shape, x.dtype), np.empty_like(x))
    nvmath.fft.fft(cp.asarray(x)).get(out=kept)
    return kept
