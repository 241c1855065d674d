# Keeps a plan for each kind of operand and gives it the next one.
# expect: passed

import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


PLANS = {}


def spectrum_on(x, space):
    key = type(x), x.size, x.dtype.name, space
    if key in PLANS:
        PLANS[key].reset_operand(x)
    else:
        PLANS[key] = nvmath.fft.FFT(x, execution=space)
        PLANS[key].plan()
    return PLANS[key].execute(direction="forward")
