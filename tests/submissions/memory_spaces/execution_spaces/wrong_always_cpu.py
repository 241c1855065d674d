# Computes on the CPU, whatever is asked.
# expect: failed execution_space wrong_memory_space

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution="cpu")
