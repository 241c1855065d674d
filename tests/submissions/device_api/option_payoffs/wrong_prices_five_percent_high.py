# Has all prices but the first five percent too high.
# expect: failed distribution wrong_value
# devices: simulator

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
    price *= 1.05
    for step in range(1, n_steps):
        price *= math.exp(mu + sigma * random.normal(states[path]))
        call[path, step] = max(price - strike, 0) - premium
        put[path, step] = max(strike - price, 0) - premium


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    call = cp.empty((n_paths, n_steps), dtype=np.float32)
    put = cp.empty((n_paths, n_steps), dtype=np.float32)
    states = random.StatesPhilox4_32_10(n_paths)
    blocks = (n_paths + 127) // 128
    payoffs[blocks, 128](states, seed, s0, mu, sigma, strike, premium, call, put)
    return call, put
