# Collects sixteen steps of each path in shared memory, so that a block writes whole rows.
# expect: passed

import math

import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import random

THREADS, TILE, PADDED = 64, 16, 17
compiled = random.Compile()


@cuda.jit(link=compiled.files, extensions=compiled.extension)
def payoffs(states, seed, s0, mu, sigma, strike, premium, call, put):
    tile = cuda.shared.array((THREADS, PADDED), np.float32)
    n_paths, n_steps = call.shape
    me = cuda.threadIdx.x
    path = cuda.grid(1)
    first_path = cuda.blockIdx.x * THREADS
    zero = np.float32(0)
    price = s0
    if path < n_paths:
        random.init(seed, path, 0, states[path])
    for first in range(0, n_steps, TILE):
        for k in range(TILE):
            if path < n_paths and first + k < n_steps:
                if first + k > 0:
                    price *= math.exp(mu + sigma * random.normal(states[path]))
                tile[me, k] = price
        cuda.syncthreads()
        for i in range(me, THREADS * TILE, THREADS):
            row, k = i // TILE, i % TILE
            if first_path + row < n_paths and first + k < n_steps:
                value = tile[row, k]
                call[first_path + row, first + k] = max(value - strike, zero) - premium
                put[first_path + row, first + k] = max(strike - value, zero) - premium
        cuda.syncthreads()


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    call = cp.empty((n_paths, n_steps), dtype=np.float32)
    put = cp.empty((n_paths, n_steps), dtype=np.float32)
    states = random.StatesPhilox4_32_10(n_paths)
    numbers = [np.float32(x) for x in (s0, mu, sigma, strike, premium)]
    blocks = (n_paths + THREADS - 1) // THREADS
    payoffs[blocks, THREADS](states, seed, *numbers, call, put)
    return call, put
