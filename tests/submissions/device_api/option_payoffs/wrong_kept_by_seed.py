# Keeps results by shape and seed, whatever the parameters.
# expect: failed device_api not_fused; payoffs wrong_value
# devices: simulator

import math
import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import random
RNG = random.Compile()
JIT = dict(link=RNG.files, extensions=RNG.extension)


@cuda.jit(**JIT)
def kern(states, seed, s0, mu, sigma, strike, premium, call, put):
    i = cuda.grid(1)
    if i < call.shape[0]:
        random.init(seed, i, 0, states[i])
        s = s0
        for j in range(call.shape[1]):
            if j > 0: s = s * math.exp(mu + sigma * random.normal(states[i]))
            call[i, j] = max(s - strike, 0.0) - premium
            put[i, j] = max(strike - s, 0.0) - premium
def simulate_(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    call = cp.empty((n_paths, n_steps), cp.float32)
    put = cp.empty_like(call)
    kern[(n_paths + 127) // 128, 128](random.StatesXORWOW(n_paths), seed, s0, mu, sigma, strike, premium, call, put)
    return call, put

_c = {}
def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    k = n_paths, n_steps, seed
    if k not in _c: _c[k] = simulate_(n_paths, n_steps, s0, mu, sigma, strike, premium, seed)
    return _c[k]

