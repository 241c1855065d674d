# Draws uniform numbers, four at a time, and makes normal ones of them itself.
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
    z = cuda.local.array(4, np.float32)
    turn = np.float32(2 * math.pi)
    for first in range(1, n_steps, 4):
        u = random.uniform4(states[path])
        radius = math.sqrt(np.float32(-2) * math.log(u.x))
        z[0] = radius * math.cos(turn * u.y)
        z[1] = radius * math.sin(turn * u.y)
        radius = math.sqrt(np.float32(-2) * math.log(u.z))
        z[2] = radius * math.cos(turn * u.w)
        z[3] = radius * math.sin(turn * u.w)
        for k in range(4):
            if first + k < n_steps:
                price *= math.exp(mu + sigma * z[k])
                call[path, first + k] = max(price - strike, 0) - premium
                put[path, first + k] = max(strike - price, 0) - premium


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    call = cp.empty((n_paths, n_steps), dtype=np.float32)
    put = cp.empty((n_paths, n_steps), dtype=np.float32)
    states = random.StatesPhilox4_32_10(n_paths)
    blocks = (n_paths + 127) // 128
    payoffs[blocks, 128](states, seed, s0, mu, sigma, strike, premium, call, put)
    return call, put
