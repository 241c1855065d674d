# Copies the operand before the transform.
# expect: failed copies extra_copies

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    return nvmath.fft.fft(x.copy(), execution=space)
