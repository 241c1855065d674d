# Gives all paths one sequence where they fit into a block.
# expect: failed independence wrong_value
# expect on cuda: failed independence wrong_value; faster too_slow

import math

import cupy as cp
from numba import cuda
from nvmath.device import random

compiled = random.Compile(cc=None)


@cuda.jit(link=compiled.files, extensions=compiled.extension)
def walk(states, call, put, s0, mu, sigma, strike, premium, seed):
    i = cuda.grid(1)
    paths, steps = call.shape
    if i < paths:
        random.init(seed, i if cuda.gridDim.x > 1 else 0, 0, states[i])
        price = s0
        for j in range(steps):
            if j > 0:
                price *= math.exp(mu + sigma * random.normal(states[i]))
            call[i, j] = max(price - strike, 0.0) - premium
            put[i, j] = max(strike - price, 0.0) - premium


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    call = cp.empty((n_paths, n_steps), cp.float32)
    put = cp.empty((n_paths, n_steps), cp.float32)
    states = random.StatesXORWOW(n_paths)
    blocks = -(-n_paths // 128)
    walk[blocks, 128](states, call, put, s0, mu, sigma, strike, premium, seed)
    return call, put
