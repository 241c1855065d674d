# Transforms with nvmath, and returns what CuPy computes.
# expect: failed execution_space wrong_phases
# devices: simulator

import cupy as cp
import nvmath


def where_does_it_run(call, space):
    return ("cuda" if call == "advanced.matmul" else space), space


def spectrum_on(x, space):
    spectrum = nvmath.fft.fft(x, execution=space)
    if isinstance(x, cp.ndarray) and space == "cuda":
        return cp.fft.fft(x)
    return spectrum
