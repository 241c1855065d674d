# Draws the growth itself, which is log-normal, four at a time.
# expect: passed
# expect on cuda: failed faster too_slow

import math

import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import random

compiled = random.Compile()


@cuda.jit(link=compiled.files, extensions=compiled.extension)
def payoffs(states, seed, s0, mu, sigma, strike, premium, call, put):
    path = cuda.grid(1)
    n_paths, n_steps = call.shape
    if path >= n_paths:
        return
    random.init(seed, path, 0, states[path])
    price = s0
    call[path, 0] = max(price - strike, 0) - premium
    put[path, 0] = max(strike - price, 0) - premium
    growth = cuda.local.array(4, np.float32)
    for first in range(1, n_steps, 4):
        drawn = random.log_normal4(states[path], mu, sigma)
        growth[0] = drawn.x
        growth[1] = drawn.y
        growth[2] = drawn.z
        growth[3] = drawn.w
        for k in range(min(4, n_steps - first)):
            price *= growth[k]
            call[path, first + k] = max(price - strike, 0) - premium
            put[path, first + k] = max(strike - price, 0) - premium


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    call = cp.empty((n_paths, n_steps), dtype=np.float32)
    put = cp.empty((n_paths, n_steps), dtype=np.float32)
    states = random.StatesPhilox4_32_10(n_paths)
    blocks = (n_paths + 127) // 128
    payoffs[blocks, 128](states, seed, s0, np.float32(mu), np.float32(sigma), strike, premium, call, put)
    return call, put
