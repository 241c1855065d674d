# Takes every function for one that runs on the GPU.
# expect: failed predictions wrong_value

import nvmath


def where_does_it_run(call, space):
    return "cuda", space


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space)
