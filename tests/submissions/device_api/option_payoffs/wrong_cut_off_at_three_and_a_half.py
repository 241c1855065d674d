# Cuts draws off that are larger than 3.5.
# expect: failed distribution wrong_value

import functools, math
import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import random

compiled = random.Compile()


@cuda.jit(link=compiled.files, extensions=compiled.extension)
def kernel(states, seed, s0, mu, sigma, strike, premium, call, put):
    i = cuda.grid(1)
    if i >= call.shape[0]:
        return
    random.init(seed, i, 0, states[i])
    
    s = s0
    call[i, 0] = max(s - strike, np.float32(0)) - premium
    put[i, 0] = max(strike - s, np.float32(0)) - premium
    for j in range(1, call.shape[1]):
        z = max(min(random.normal(states[i]), np.float32(3.5)), np.float32(-3.5))
        s *= math.exp(mu + sigma * z)
        call[i, j] = max(s - strike, np.float32(0)) - premium
        put[i, j] = max(strike - s, np.float32(0)) - premium

def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    
    call = cp.empty((n_paths, n_steps), dtype=cp.float32, order="F")
    put = cp.empty((n_paths, n_steps), dtype=cp.float32, order="F")
    states = random.StatesPhilox4_32_10(n_paths)
    args = [np.float32(v) for v in (s0, mu, sigma, strike, premium)]
    kernel[-(-n_paths // 128), 128](states, seed, *args, call, put)
    return call, put
