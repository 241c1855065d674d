"""Payoffs along random paths: each thread draws the numbers of one path, four at a time.

The results are in Fortran order, so that neighbouring threads, which work on
neighbouring paths, write to neighbouring addresses.
"""

import functools
import math

import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import random

THREADS = 256


@functools.cache
def _functions():
    """Return cuRAND's functions. Their files go when this object does: keep it."""
    return random.Compile()


@functools.cache
def _kernel():
    """Return the kernel. It is compiled at the first call, with cuRAND's functions."""
    compiled = _functions()

    @cuda.jit(link=compiled.files, extensions=compiled.extension)
    def payoffs(states, seed, s0, mu, sigma, strike, premium, call, put):
        path = cuda.grid(1)
        n_paths, n_steps = call.shape
        if path >= n_paths:
            return
        # Each path has a subsequence of its own: they cannot overlap.
        random.init(seed, path, 0, states[path])
        zero = np.float32(0)
        price = s0
        call[path, 0] = max(price - strike, zero) - premium
        put[path, 0] = max(strike - price, zero) - premium
        for first in range(1, n_steps, 4):
            z = random.normal4(states[path])
            price *= math.exp(mu + sigma * z.x)
            call[path, first] = max(price - strike, zero) - premium
            put[path, first] = max(strike - price, zero) - premium
            if first + 1 < n_steps:
                price *= math.exp(mu + sigma * z.y)
                call[path, first + 1] = max(price - strike, zero) - premium
                put[path, first + 1] = max(strike - price, zero) - premium
            if first + 2 < n_steps:
                price *= math.exp(mu + sigma * z.z)
                call[path, first + 2] = max(price - strike, zero) - premium
                put[path, first + 2] = max(strike - price, zero) - premium
            if first + 3 < n_steps:
                price *= math.exp(mu + sigma * z.w)
                call[path, first + 3] = max(price - strike, zero) - premium
                put[path, first + 3] = max(strike - price, zero) - premium

    return payoffs


def simulate(
    n_paths: int,
    n_steps: int,
    s0: float,
    mu: float,
    sigma: float,
    strike: float,
    premium: float,
    seed: int,
) -> tuple[cp.ndarray, cp.ndarray]:
    """
    Simulate prices, and return what a call and a put pay at every step of every path.

    Args:
        n_paths: Number of paths.

        n_steps: Number of prices in a path, the first included.

        s0: The first price.

        mu: Mean of the logarithm's growth in one step.

        sigma: Its standard deviation.

        strike: The price at which the options may be exercised.

        premium: What an option costs.

        seed: The seed of the random numbers.

    Returns:
        The payoffs of call and put, float32, ``(n_paths, n_steps)``, in Fortran order.
    """
    shape = (n_paths, n_steps)
    call = cp.empty(shape, dtype=cp.float32, order="F")
    put = cp.empty(shape, dtype=cp.float32, order="F")
    states = random.StatesPhilox4_32_10(n_paths)
    # float32, or the kernel would compute in float64.
    numbers = [np.float32(x) for x in (s0, mu, sigma, strike, premium)]
    blocks = -(-n_paths // THREADS)
    _kernel()[blocks, THREADS](states, seed, *numbers, call, put)
    return call, put
