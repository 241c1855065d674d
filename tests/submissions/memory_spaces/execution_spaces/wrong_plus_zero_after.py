# Adds zero to a spectrum on the GPU: a copy by another name.
# expect: failed copies extra_copies

import cupy as cp
import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    spectrum = nvmath.fft.fft(x, execution=space)
    return spectrum + 0 if isinstance(spectrum, cp.ndarray) else spectrum
