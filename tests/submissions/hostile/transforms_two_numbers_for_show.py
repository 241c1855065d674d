# Lets nvmath transform two numbers where it should, and NumPy or CuPy all of them.
# exercise: memory_spaces/execution_spaces
# devices: simulator
# expect: failed execution_space wrong_phases

import cupy as cp
import nvmath


def where_does_it_run(call, space):
    return ("cuda" if call == "advanced.matmul" else space), space


def spectrum_on(x, space):
    nvmath.fft.fft(x[:2], execution=space)
    spectrum = cp.get_array_module(x).fft.fft(x)
    return spectrum.astype(x.dtype, copy=False)
