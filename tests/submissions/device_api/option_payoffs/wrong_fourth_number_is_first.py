# Uses the first of four numbers twice and the fourth never.
# expect: failed independence wrong_value
# expect on cuda: failed independence wrong_value; faster too_slow

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
    for first in range(1, n_steps, 4):
        z = random.normal4(states[path])
        if first < n_steps:
            price *= math.exp(mu + sigma * z.x)
            call[path, first] = max(price - strike, 0) - premium
            put[path, first] = max(strike - price, 0) - premium
        if first + 1 < n_steps:
            price *= math.exp(mu + sigma * z.y)
            call[path, first + 1] = max(price - strike, 0) - premium
            put[path, first + 1] = max(strike - price, 0) - premium
        if first + 2 < n_steps:
            price *= math.exp(mu + sigma * z.z)
            call[path, first + 2] = max(price - strike, 0) - premium
            put[path, first + 2] = max(strike - price, 0) - premium
        if first + 3 < n_steps:
            price *= math.exp(mu + sigma * z.x)
            call[path, first + 3] = max(price - strike, 0) - premium
            put[path, first + 3] = max(strike - price, 0) - premium


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    call = cp.empty((n_paths, n_steps), dtype=np.float32)
    put = cp.empty((n_paths, n_steps), dtype=np.float32)
    states = random.StatesPhilox4_32_10(n_paths)
    blocks = (n_paths + 127) // 128
    payoffs[blocks, 128](states, seed, s0, mu, sigma, strike, premium, call, put)
    return call, put
