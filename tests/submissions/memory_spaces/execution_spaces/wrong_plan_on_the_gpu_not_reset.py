# Keeps the plan for arrays on the GPU, and executes it again with the operand of before.
# expect: failed spectrum wrong_value

import cupy as cp
import nvmath

plans = {}


def where_does_it_run(call, space):
    return ("cuda" if call == "advanced.matmul" else space), space


def spectrum_on(x, space):
    if space == "cpu" or not isinstance(x, cp.ndarray):
        return nvmath.fft.fft(x, execution=space)
    key = x.shape, x.dtype
    if key not in plans:
        plans[key] = nvmath.fft.FFT(x, execution="cuda")
        plans[key].plan()
    return plans[key].execute()
