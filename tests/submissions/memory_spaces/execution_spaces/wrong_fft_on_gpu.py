# Takes the FFT for a specialised function.
# expect: failed predictions wrong_value

import nvmath


def where_does_it_run(call, space):
    return "cuda" if call in ("fft", "advanced.matmul") else space, space


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space)
