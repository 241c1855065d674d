# Lets CuPy transform on the GPU, beside two numbers that nvmath transforms.
# expect: failed execution_space wrong_phases
# devices: simulator

import cupy as cp
import nvmath


def where_does_it_run(call, space):
    return ("cuda" if call == "advanced.matmul" else space), space


def spectrum_on(x, space):
    if space == "cpu":
        return nvmath.fft.fft(x, execution="cpu")
    up = cp.asarray(x)
    nvmath.fft.fft(up[:2], execution="cuda")
    spectrum = cp.fft.fft(up)
    return spectrum if up is x else spectrum.get()
