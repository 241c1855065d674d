# Takes every operand to the GPU first, and then where it is asked.
# expect: failed copies extra_copies

import cupy as cp
import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    spectrum = nvmath.fft.fft(cp.asarray(x), execution=space)
    return spectrum if isinstance(x, cp.ndarray) else spectrum.get()
