# Returns NumPy arrays alone.
# expect: failed memory_space wrong_memory_space

import cupy as cp
import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    return cp.asnumpy(nvmath.fft.fft(x, execution=space))
