# Launches a kernel for each step, and keeps price and generator of each path in between.
# expect: passed
# devices: simulator

import math

import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import random

compiled = random.Compile()


@cuda.jit(link=compiled.files, extensions=compiled.extension)
def first(states, seed, price):
    i = cuda.threadIdx.x + cuda.blockIdx.x * cuda.blockDim.x
    if i < price.size:
        random.init(seed, i, 0, states[i])


@cuda.jit(link=compiled.files, extensions=compiled.extension, fastmath=True)
def advance(states, mu, sigma, price):
    i = cuda.grid(1)
    if i < price.size:
        price[i] *= math.exp(mu + sigma * random.normal(states[i]))


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    states = random.StatesXORWOW(n_paths)
    price = cp.full(n_paths, s0, dtype=cp.float32)
    first.forall(n_paths)(states, seed, price)
    columns = [price.copy()]
    for _ in range(1, n_steps):
        advance.forall(n_paths)(states, np.float32(mu), np.float32(sigma), price)
        columns.append(price.copy())
    prices = cp.stack(columns, axis=1)
    call = cp.maximum(prices - np.float32(strike), 0) - np.float32(premium)
    put = cp.maximum(np.float32(strike) - prices, 0) - np.float32(premium)
    return call, put
