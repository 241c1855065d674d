# Divides by the length in place, as for a round trip.
# expect: failed spectrum wrong_value

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    spectrum = nvmath.fft.fft(x, execution=space)
    spectrum /= x.size
    return spectrum
