# Gives the memory space first.
# expect: failed predictions wrong_value

import nvmath


def where_does_it_run(call, space):
    return space, "cuda" if call == "advanced.matmul" else space


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space)
