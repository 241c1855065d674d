# Returns a list.
# expect: failed predictions wrong_dtype

import nvmath


def where_does_it_run(call, space):
    return ["cuda" if call == "advanced.matmul" else space, space]


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space)
