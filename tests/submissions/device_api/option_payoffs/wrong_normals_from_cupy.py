# Draws with CuPy, and only walks the paths in a kernel of numba-cuda.
# expect: failed device_api not_fused

import math

import cupy as cp
import numpy as np
from numba import cuda


@cuda.jit
def payoffs(z, s0, mu, sigma, strike, premium, call, put):
    path = cuda.grid(1)
    n_paths, n_steps = call.shape
    if path >= n_paths:
        return
    price = s0
    call[path, 0] = max(price - strike, 0) - premium
    put[path, 0] = max(strike - price, 0) - premium
    for step in range(1, n_steps):
        price *= math.exp(mu + sigma * z[path, step])
        call[path, step] = max(price - strike, 0) - premium
        put[path, step] = max(strike - price, 0) - premium


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    call = cp.empty((n_paths, n_steps), dtype=np.float32)
    put = cp.empty((n_paths, n_steps), dtype=np.float32)
    z = cp.random.default_rng(seed).standard_normal((n_paths, n_steps), dtype=np.float32)
    blocks = (n_paths + 127) // 128
    payoffs[blocks, 128](z, s0, mu, sigma, strike, premium, call, put)
    return call, put
