# Transforms everything in single precision.
# expect: failed spectrum wrong_value; copies extra_copies

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    spectrum = nvmath.fft.fft(x.astype("complex64"), execution=space)
    return spectrum.astype(x.dtype)
