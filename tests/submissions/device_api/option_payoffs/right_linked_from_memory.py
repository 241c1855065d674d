# Hands the linker code that it has read, in the place of files.
# expect: passed
# expect on cuda: failed faster too_slow

import math
import cupy as cp
import numpy as np
from numba import cuda, float32
from nvmath.device import random

c = random.Compile()


@cuda.jit(device=True)
def pay(out, i, j, s, strike, premium):
    out[0, j, i] = max(s - strike, float32(0.0)) - premium
    out[1, j, i] = max(strike - s, float32(0.0)) - premium


@cuda.jit(link=[cuda.LTOIR(open(f, "rb").read(), f) for f in c.files], extensions=c.extension)
def walk(states, out, s0, mu, sigma, strike, premium, seed):
    start = cuda.grid(1)
    step = cuda.gridsize(1)
    for i in range(start, out.shape[2], step):
        random.init(seed, i, 0, states[start])
        s = s0
        pay(out, i, 0, s, strike, premium)
        for j in range(1, out.shape[1], 2):
            z = random.normal2(states[start])
            s *= math.exp(mu + sigma * z.x)
            pay(out, i, j, s, strike, premium)
            if j + 1 < out.shape[1]:
                s *= math.exp(mu + sigma * z.y)
                pay(out, i, j + 1, s, strike, premium)


def simulate(n_paths: int, n_steps: int, s0: float, mu: float, sigma: float, strike: float, premium: float, seed: int):
    blocks, threads = 7, 64
    out = cp.empty((2, n_steps, n_paths), cp.float32)
    states = random.StatesPhilox4_32_10(blocks * threads)
    args = [np.float32(v) for v in (s0, mu, sigma, strike, premium)]
    stream = cuda.external_stream(cp.cuda.get_current_stream().ptr)
    walk[blocks, threads, stream](states, out, *args, seed)
    stream.synchronize()
    call, put = out.transpose(0, 2, 1)
    return call, put
