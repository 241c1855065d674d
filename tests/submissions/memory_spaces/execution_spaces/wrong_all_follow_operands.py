# Takes the advanced product for a generic function.
# expect: failed predictions wrong_value

import nvmath


def where_does_it_run(call, space):
    return space, space


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space)
