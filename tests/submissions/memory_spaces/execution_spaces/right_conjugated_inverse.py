# The forward transform as an inverse one between conjugations, in place.
# expect: passed

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    spectrum = nvmath.fft.ifft(x.conj(), execution=space)
    return spectrum.conj()
