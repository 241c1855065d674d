# Gives 256 neighbouring paths a seven-hundredth of their variance in common.
# expect: failed independence wrong_value
# devices: simulator

import math

import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import random

compiled = random.Compile()


@cuda.jit(link=compiled.files, extensions=compiled.extension)
def payoffs(states, common, seed, s0, mu, sigma, strike, premium, call, put):
    path = cuda.grid(1)
    n_paths, n_steps = call.shape
    if path >= n_paths:
        return
    random.init(seed, path, 0, states[path])
    random.init(seed ^ 77777, path // 256, 0, common[path])
    zero = np.float32(0)
    price = s0
    call[path, 0] = max(price - strike, zero) - premium
    put[path, 0] = max(strike - price, zero) - premium
    for first in range(1, n_steps, 4):
        drawn = random.normal4(states[path])
        x, y, z, w = drawn.x, drawn.y, drawn.z, drawn.w
        shared = random.normal4(common[path])
        own, other = np.float32(math.sqrt(1 - 0.038**2)), np.float32(0.038)
        x, y = own * x + other * shared.x, own * y + other * shared.y
        z, w = own * z + other * shared.z, own * w + other * shared.w
        for k in range(min(4, n_steps - first)):
            number = x if k == 0 else y if k == 1 else z if k == 2 else w
            price *= math.exp(mu + sigma * number)
            call[path, first + k] = max(price - strike, zero) - premium
            put[path, first + k] = max(strike - price, zero) - premium


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    call = cp.empty((n_paths, n_steps), dtype=np.float32, order="F")
    put = cp.empty((n_paths, n_steps), dtype=np.float32, order="F")
    states = random.StatesPhilox4_32_10(n_paths)
    numbers = [np.float32(x) for x in (s0, mu, sigma, strike, premium)]
    payoffs[(n_paths + 127) // 128, 128](states, random.StatesPhilox4_32_10(n_paths), seed, *numbers, call, put)
    return call, put
