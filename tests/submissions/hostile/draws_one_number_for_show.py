# Lets CuPy draw and compute; a kernel of its own draws one number that nobody reads.
# exercise: device_api/option_payoffs
# devices: simulator
# expect: failed device_api not_fused

import cupy as cp
from numba import cuda
from nvmath.device import random

compiled = random.Compile()


@cuda.jit(link=compiled.files, extensions=compiled.extension)
def alibi(states, seed, scratch):
    i = cuda.grid(1)
    if i < 1:
        random.init(seed, i, 0, states[i])
        scratch[i] = random.normal(states[i])


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    alibi[1, 32](random.StatesPhilox4_32_10(1), seed, cp.empty(1, cp.float32))
    z = cp.random.RandomState(seed).standard_normal((n_paths, n_steps), dtype=cp.float32)
    g = mu + sigma * z
    g[:, 0] = 0
    s = s0 * cp.exp(cp.cumsum(g, axis=1))
    call = (cp.maximum(s - strike, 0) - premium).astype(cp.float32)
    put = (cp.maximum(strike - s, 0) - premium).astype(cp.float32)
    return call, put
