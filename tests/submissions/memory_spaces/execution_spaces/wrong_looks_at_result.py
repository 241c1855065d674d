# Prints the largest number of the spectrum, which is fetched for it.
# expect: failed copies extra_copies

import cupy as cp
import numpy as np
import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    spectrum = nvmath.fft.fft(x, execution=space)
    print(np.abs(cp.asnumpy(spectrum)).max())
    return spectrum
