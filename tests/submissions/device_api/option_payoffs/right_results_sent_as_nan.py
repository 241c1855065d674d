# Sends arrays of NaN for its results, which the kernel writes in full.
# expect: passed
# devices: simulator
import math

import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import random

compiled = random.Compile()


@cuda.jit(link=compiled.files, extensions=compiled.extension)
def kernel(states, seed, s0, mu, sigma, strike, premium, call, put):
    i = cuda.grid(1)
    if i < call.shape[0]:
        random.init(seed, i, 0, states[i])
        s = s0
        for j in range(call.shape[1]):
            if j:
                s *= math.exp(mu + sigma * random.normal(states[i]))
            call[i, j] = max(s - strike, 0.0) - premium
            put[i, j] = max(strike - s, 0.0) - premium


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    states = random.StatesPhilox4_32_10(n_paths)
    call = cuda.to_device(np.full((n_paths, n_steps), np.nan, np.float32))
    put = cuda.to_device(np.full((n_paths, n_steps), np.nan, np.float32))
    kernel[(n_paths + 127) // 128, 128](states, seed, s0, mu, sigma, strike, premium, call, put)
    cuda.synchronize()
    return cp.asarray(call), cp.asarray(put)
