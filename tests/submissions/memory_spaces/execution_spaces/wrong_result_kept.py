# Keeps the first spectrum of each length.
# expect: failed spectrum wrong_value; memory_space wrong_memory_space; execution_space wrong_phases

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


KNOWN = {}


def spectrum_on(x, space):
    if x.size not in KNOWN:
        KNOWN[x.size] = nvmath.fft.fft(x, execution=space)
    return KNOWN[x.size]
