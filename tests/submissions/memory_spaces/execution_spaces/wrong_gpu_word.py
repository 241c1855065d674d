# Hands nvmath a name that it does not know.
# expect: failed spectrum crashed; memory_space crashed; execution_space crashed; inputs_unchanged crashed

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution={"cpu": "host", "cuda": "gpu"}[space])
