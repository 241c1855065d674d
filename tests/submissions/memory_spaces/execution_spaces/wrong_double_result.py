# Returns double precision for single.
# expect: failed spectrum wrong_dtype; copies extra_copies

import numpy as np
import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    spectrum = nvmath.fft.fft(x, execution=space)
    return spectrum + np.complex128(0)
