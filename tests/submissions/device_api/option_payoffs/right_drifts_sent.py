# Sends a table of drifts, a number a step.
# expect: passed
# devices: simulator
import math

import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import random

compiled = random.Compile()


@cuda.jit(link=compiled.files, extensions=compiled.extension)
def kernel(states, seed, s0, drift, sigma, strike, premium, call, put):
    i = cuda.grid(1)
    if i < call.shape[0]:
        random.init(seed, i, 0, states[i])
        total = 0.0
        for j in range(call.shape[1]):
            if j:
                total += random.normal(states[i])
            s = s0 * math.exp(drift[j] + sigma * total)
            call[i, j] = max(s - strike, 0.0) - premium
            put[i, j] = max(strike - s, 0.0) - premium


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    drift = cp.asarray(mu * np.arange(n_steps, dtype=np.float64))
    states = random.StatesPhilox4_32_10(n_paths)
    call = cp.empty((n_paths, n_steps), cp.float32)
    put = cp.empty((n_paths, n_steps), cp.float32)
    kernel[(n_paths + 127) // 128, 128](states, seed, s0, drift, sigma, strike, premium, call, put)
    cuda.synchronize()
    return call, put
