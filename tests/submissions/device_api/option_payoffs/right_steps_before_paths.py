# Works on arrays with the steps first, and returns them transposed.
# expect: passed

import math

import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import random

compiled = random.Compile()


@cuda.jit(link=compiled.files, extensions=compiled.extension)
def payoffs(states, seed, s0, mu, sigma, strike, premium, call, put):
    path = cuda.grid(1)
    n_steps, n_paths = call.shape
    if path >= n_paths:
        return
    random.init(seed, path, 0, states[path])
    price = s0
    call[0, path] = max(price - strike, 0) - premium
    put[0, path] = max(strike - price, 0) - premium
    for step in range(1, n_steps):
        price *= math.exp(mu + sigma * random.normal(states[path]))
        call[step, path] = max(price - strike, 0) - premium
        put[step, path] = max(strike - price, 0) - premium


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    call = cp.empty((n_steps, n_paths), dtype=np.float32)
    put = cp.empty((n_steps, n_paths), dtype=np.float32)
    states = random.StatesPhilox4_32_10(n_paths)
    blocks = (n_paths + 127) // 128
    payoffs[blocks, 128](states, seed, s0, mu, sigma, strike, premium, call, put)
    return call.T, put.T
