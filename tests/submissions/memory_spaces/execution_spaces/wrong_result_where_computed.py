# Carries the operand over and leaves the spectrum there.
# expect: failed memory_space wrong_memory_space

import cupy as cp
import nvmath


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    operand = cp.asarray(x) if space == "cuda" else cp.asnumpy(x)
    return nvmath.fft.fft(operand)
