# Lets NumPy and CuPy transform.
# expect: failed execution_space wrong_phases

import cupy as cp
import numpy as np


def where_does_it_run(call, space):
    if call == "advanced.matmul":
        return "cuda", space
    return space, space


def spectrum_on(x, space):
    home = cp if isinstance(x, cp.ndarray) else np
    if space == "cpu":
        here = np.fft.fft(x if home is np else x.get()).astype(x.dtype)
        return here if home is np else cp.asarray(here)
    there = cp.fft.fft(cp.asarray(x))
    return there if home is cp else there.get()
