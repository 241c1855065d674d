"""Exercise: what options pay, along random price paths drawn inside a kernel.

The lesson is in ``README.md``; ``hints.md`` has hints, one at a time.
"""

import math

import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import random


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    """
    Simulate prices, and return what a call and a put pay at every step of every path.

    Each path begins at ``S[0] = s0`` and goes on with

        S[j] = S[j-1] * exp(mu + sigma * z[j]),    j = 1 ... n_steps - 1,

    where all z are standard normal and independent, within a path and between paths. At
    every step, the first included, the options pay

        call = max(S - strike, 0) - premium
        put  = max(strike - S, 0) - premium

    Args:
        n_paths: Number of paths, 1 or more. No block size need divide it.

        n_steps: Number of prices in a path, ``S[0]`` included: 1 or more.

        s0: The first price, a positive ``float``.

        mu: Mean of the logarithm's growth in one step, a ``float`` of either sign.

        sigma: Its standard deviation in one step, a positive ``float``.

        strike: The price at which the options may be exercised, a positive ``float``.

        premium: What an option costs, a ``float``, 0 or more.

        seed: An ``int``, 0 or more and less than 2**31. The same seed gives the same
            paths at every call, another seed, the next one too, gives others.

    Returns:
        Two new CuPy arrays on the GPU, ``(call, put)``, float32, of shape
        ``(n_paths, n_steps)``: row i is path i, column j is step j. Their memory order
        is free.

    It is done when
        - the payoffs are those of the formula, for every number of paths and steps;
        - the paths follow the law above: mean and spread at each step, the normal
          distribution, and independence pass statistical tests;
        - a kernel of numba-cuda draws the numbers, with the generators of
          ``nvmath.device.random``: which of them, and how many numbers a draw gives, is
          your choice;
        - on a GPU, it takes at most two thirds of the time of the plain CuPy program, for
          200,000 paths of 252 steps.
    """
    # TODO: Write a kernel in which each thread draws its own numbers, and launch it.
    raise NotImplementedError
