# Transforms backwards.
# expect: failed spectrum wrong_value

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    return nvmath.fft.ifft(x, execution=space)
