# Calls the GPU's space by another name.
# expect: failed predictions wrong_value

import nvmath


def where_does_it_run(call, space):
    execution = "cuda" if call == "advanced.matmul" else space
    names = {"cpu": "cpu", "cuda": "gpu"}
    return names[execution], names[space]


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space)
