# Sends long NumPy arrays to the GPU, and short CuPy ones.
# expect: failed execution_space wrong_memory_space

import cupy as cp, numpy as np
import nvmath
def where_does_it_run(call, space):
    return ("cuda", space) if call == "advanced.matmul" else (space,) * 2
def spectrum_on(x, space):
    # long arrays on the host: the GPU pays; short ones on the GPU: stay
    if isinstance(x, np.ndarray) and x.size > 100000: space = "cuda"
    if isinstance(x, cp.ndarray) and x.size < 100: space = "cuda"
    return nvmath.fft.fft(x, execution=space)
