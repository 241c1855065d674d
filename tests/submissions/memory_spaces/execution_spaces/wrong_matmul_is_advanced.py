# Takes both products for specialised functions.
# expect: failed predictions wrong_value

import nvmath


def where_does_it_run(call, space):
    return "cuda" if "matmul" in call else space, space


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space)
