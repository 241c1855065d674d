# Carries the array over itself, once each way, and transforms it where it is.
# expect: passed

import cupy as cp
import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    home = "cuda" if isinstance(x, cp.ndarray) else "cpu"
    if home == space:
        return nvmath.fft.fft(x)
    if space == "cuda":
        return cp.asnumpy(nvmath.fft.fft(cp.asarray(x)))
    return cp.asarray(nvmath.fft.fft(x.get()))
