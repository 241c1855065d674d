# Executes a kept plan for the operand of the call before.
# expect: failed spectrum wrong_value; copies wrong_memory_space

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


PLANS = {}


def spectrum_on(x, space):
    key = type(x), x.size, x.dtype.name, space
    if key not in PLANS:
        PLANS[key] = nvmath.fft.FFT(x, execution=space)
        PLANS[key].plan()
    return PLANS[key].execute()
