# Gives half of the paths the draws of the others with their signs turned, far apart.
# expect: failed independence wrong_value
# expect on cuda: failed independence wrong_value; faster too_slow

import math

import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import random

compiled = random.Compile()


@cuda.jit(link=compiled.files, extensions=compiled.extension)
def payoffs(states, generators, signs, seed, s0, mu, sigma, strike, premium, call, put):
    path = cuda.grid(1)
    n_paths, n_steps = call.shape
    if path >= n_paths:
        return
    random.init(seed, generators[path], 0, states[path])
    price = s0
    call[path, 0] = max(price - strike, 0) - premium
    put[path, 0] = max(strike - price, 0) - premium
    for step in range(1, n_steps):
        z = signs[path] * random.normal(states[path])
        price *= math.exp(mu + sigma * z)
        call[path, step] = max(price - strike, 0) - premium
        put[path, step] = max(strike - price, 0) - premium


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    call = cp.empty((n_paths, n_steps), dtype=np.float32)
    put = cp.empty((n_paths, n_steps), dtype=np.float32)
    states = random.StatesPhilox4_32_10(n_paths)
    pairs = (n_paths + 1) // 2
    order = np.random.default_rng(seed % 2**31).permutation(n_paths)
    generators = np.empty(n_paths, dtype=np.int64)
    signs = np.empty(n_paths, dtype=np.float32)
    generators[order] = np.arange(n_paths) % pairs
    signs[order] = np.where(np.arange(n_paths) < pairs, 1, -1)
    blocks = (n_paths + 127) // 128
    payoffs[blocks, 128](
        states,
        cp.asarray(generators),
        cp.asarray(signs),
        seed,
        s0,
        mu,
        sigma,
        strike,
        premium,
        call,
        put,
    )
    return call, put
