# Lets NumPy transform where the CPU is asked for.
# expect: failed execution_space wrong_phases

import cupy as cp
import numpy as np
import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    if space == "cuda":
        return nvmath.fft.fft(x, execution="cuda")
    host = np.fft.fft(cp.asnumpy(x)).astype(x.dtype)
    return cp.asarray(host) if isinstance(x, cp.ndarray) else host
