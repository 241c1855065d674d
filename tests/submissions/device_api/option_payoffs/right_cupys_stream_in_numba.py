# Launches on a stream of CuPy's that numba is told of, and waits for it.
# expect: passed
# expect on cuda: failed faster too_slow

import math

import cupy as cp
from numba import cuda
from nvmath.device import random

compiled = random.Compile(cc=None)
stream = cp.cuda.Stream(non_blocking=True)


@cuda.jit(link=compiled.files, extensions=compiled.extension)
def walk(states, call, put, s0, mu, sigma, strike, premium, seed):
    i = cuda.grid(1)
    paths, steps = call.shape
    if i < paths:
        random.init(seed, i, 0, states[i])
        price = s0
        for j in range(steps):
            if j > 0:
                price *= math.exp(mu + sigma * random.normal(states[i]))
            call[i, j] = max(price - strike, 0.0) - premium
            put[i, j] = max(strike - price, 0.0) - premium


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    states = random.StatesXORWOW(n_paths)
    ours = cuda.external_stream(stream.ptr)
    with stream:
        call = cp.zeros((n_paths, n_steps), cp.float32)
        put = cp.zeros((n_paths, n_steps), cp.float32)
    blocks = -(-n_paths // 128)
    walk[blocks, 128, ours](states, call, put, s0, mu, sigma, strike, premium, seed)
    stream.synchronize()
    return call, put
