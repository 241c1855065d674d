# Has no return statement.
# expect: failed spectrum wrong_dtype; memory_space wrong_memory_space

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    nvmath.fft.fft(x, execution=space)
