# Draws in a kernel of its own, and leaves all the rest to CuPy.
# expect: failed faster too_slow
# devices: cuda

import cupy as cp
from numba import cuda
from nvmath.device import random

compiled = random.Compile()


@cuda.jit(link=compiled.files, extensions=compiled.extension)
def draw(states, seed, z):
    path = cuda.grid(1)
    if path < z.shape[1]:
        random.init(seed, path, 0, states[path])
        for step in range(z.shape[0]):
            z[step, path] = random.normal(states[path])


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    z = cp.empty((n_steps - 1, n_paths), dtype=cp.float32)
    states = random.StatesPhilox4_32_10(n_paths)
    draw[(n_paths + 127) // 128, 128](states, seed, z)
    price = cp.full((n_paths, n_steps), s0, dtype=cp.float32)
    price[:, 1:] = s0 * cp.exp(cp.cumsum(mu + sigma * z.T, axis=1))
    call = cp.maximum(price - strike, 0) - premium
    put = cp.maximum(strike - price, 0) - premium
    return call, put
