# Keeps plans by the operand, and not by the space.
# expect: failed execution_space wrong_memory_space

import cupy as cp, numpy as np
import nvmath
_p = {}
def where_does_it_run(call, space):
    return ("cuda", space) if call == "advanced.matmul" else (space,) * 2
def spectrum_on(x, space):
    key = type(x), x.shape, x.dtype
    if key in _p:
        _p[key].reset_operand(x)
    else:
        _p[key] = nvmath.fft.FFT(x, execution=space); _p[key].plan()
    return _p[key].execute()
