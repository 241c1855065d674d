# Draws with numba-cuda's own generator.
# expect: failed device_api not_fused

import math

import cupy as cp
import numpy as np
from numba import cuda
from numba.cuda.random import create_xoroshiro128p_states, xoroshiro128p_normal_float32


@cuda.jit
def payoffs(states, s0, mu, sigma, strike, premium, call, put):
    path = cuda.grid(1)
    n_paths, n_steps = call.shape
    if path >= n_paths:
        return
    price = s0
    call[path, 0] = max(price - strike, 0) - premium
    put[path, 0] = max(strike - price, 0) - premium
    for step in range(1, n_steps):
        price *= math.exp(mu + sigma * xoroshiro128p_normal_float32(states, path))
        call[path, step] = max(price - strike, 0) - premium
        put[path, step] = max(strike - price, 0) - premium


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    call = cp.empty((n_paths, n_steps), dtype=np.float32)
    put = cp.empty((n_paths, n_steps), dtype=np.float32)
    states = create_xoroshiro128p_states(n_paths, seed=seed)
    blocks = (n_paths + 127) // 128
    payoffs[blocks, 128](states, s0, mu, sigma, strike, premium, call, put)
    return call, put
