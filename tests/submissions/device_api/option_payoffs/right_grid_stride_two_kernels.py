# Initialises MRG32k3a generators in a kernel of its own; each serves several paths.
# expect: passed
# expect on cuda: failed faster too_slow

import math

import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import ComputeCapability, random

THREADS = 128
compiled = None


def kernels():
    global compiled
    if compiled is None:
        found = random.Compile()

        @cuda.jit(link=found.files, extensions=found.extension)
        def setup(states, seed):
            i = cuda.grid(1)
            random.init(seed, i, 0, states[i])

        @cuda.jit(device=True)
        def pay(price, strike, premium):
            return max(price - strike, 0.0) - premium, max(strike - price, 0.0) - premium

        @cuda.jit(link=found.files, extensions=found.extension)
        def walk(states, s0, log_growth, call, put):
            mu, sigma, strike, premium = log_growth
            me = cuda.grid(1)
            for path in range(me, call.shape[0], cuda.gridsize(1)):
                log_price = math.log(s0)
                step = 0
                while True:
                    pair = random.normal2(states[me])
                    price = s0 if step == 0 else math.exp(log_price)
                    call[path, step], put[path, step] = pay(price, strike, premium)
                    step += 1
                    if step == call.shape[1]:
                        break
                    log_price += mu + sigma * pair.x
                    price = math.exp(log_price)
                    call[path, step], put[path, step] = pay(price, strike, premium)
                    step += 1
                    if step == call.shape[1]:
                        break
                    log_price += mu + sigma * pair.y

        compiled = setup, walk, found  # whose files go when it does
    return compiled


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    setup, walk, _ = kernels()
    blocks = max(1, n_paths // (3 * THREADS))
    states = random.StatesMRG32k3a(blocks * THREADS)
    setup[blocks, THREADS](states, seed)
    call = cp.full((n_paths, n_steps), np.nan, dtype=cp.float32, order="F")
    put = cp.full_like(call, np.nan)
    walk[blocks, THREADS](states, s0, (mu, sigma, strike, premium), call, put)
    return call, put
