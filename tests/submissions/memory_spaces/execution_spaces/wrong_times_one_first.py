# Multiplies a GPU array by one before the transform: a copy by another name.
# expect: failed copies extra_copies

import cupy as cp
import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    if space == "cuda" and isinstance(x, cp.ndarray):
        x = x * 1
    return nvmath.fft.fft(x, execution=space)
