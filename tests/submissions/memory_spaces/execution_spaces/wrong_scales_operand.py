# Scales the operand and takes that back in the spectrum.
# expect: failed inputs_unchanged mutated_input

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    x *= 2
    spectrum = nvmath.fft.fft(x, execution=space)
    spectrum /= 2
    return spectrum
