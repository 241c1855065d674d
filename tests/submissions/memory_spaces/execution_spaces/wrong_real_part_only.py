# Transforms the real part alone.
# expect: failed spectrum wrong_value
# devices: simulator

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    spectrum = nvmath.fft.fft(x, execution=space)
    spectrum.imag = 0
    return spectrum
