# Keeps the first prediction for all later questions.
# expect: failed predictions wrong_value

import nvmath

KNOWN = []


def where_does_it_run(call, space):
    if not KNOWN:
        KNOWN.append(("cuda" if call == "advanced.matmul" else space, space))
    return KNOWN[0]


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space)
