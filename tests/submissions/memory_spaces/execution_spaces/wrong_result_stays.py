# Leaves the result where it was computed.
# expect: failed predictions wrong_value

import nvmath


def where_does_it_run(call, space):
    execution = "cuda" if call == "advanced.matmul" else space
    return execution, execution


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space)
