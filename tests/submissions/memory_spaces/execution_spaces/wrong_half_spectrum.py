# Returns the half of the spectrum that a real array would have.
# expect: failed spectrum wrong_shape

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space)[: x.size // 2 + 1]
