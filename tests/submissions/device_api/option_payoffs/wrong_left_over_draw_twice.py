# Draws four numbers at a time; of the steps left over, the second takes the first one's number.
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
    if i >= paths:
        return
    random.init(seed, i, 0, states[i])
    price = s0
    call[i, 0] = max(price - strike, 0.0) - premium
    put[i, 0] = max(strike - price, 0.0) - premium
    z = random.normal4(states[i])
    for j in range(1, steps):
        place = (j - 1) % 4
        if place == 0 and j > 1:
            z = random.normal4(states[i])
        left_over = j > steps - 1 - (steps - 1) % 4
        if place == 0:
            draw = z.x
        elif place == 1:
            draw = z.x if left_over else z.y
        elif place == 2:
            draw = z.z
        else:
            draw = z.w
        price *= math.exp(mu + sigma * draw)
        call[i, j] = max(price - strike, 0.0) - premium
        put[i, j] = max(strike - price, 0.0) - premium


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    call = cp.empty((n_paths, n_steps), cp.float32)
    put = cp.empty((n_paths, n_steps), cp.float32)
    states = random.StatesPhilox4_32_10(n_paths)
    blocks = -(-n_paths // 128)
    walk[blocks, 128](states, call, put, s0, mu, sigma, strike, premium, seed)
    return call, put
