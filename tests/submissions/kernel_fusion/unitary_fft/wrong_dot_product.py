# Multiplies by the matrix of the transform.
# expect: failed fused not_fused

import functools
import math

import cupy as cp
import nvmath


@functools.cache
def compiled(dtype, n):
    factor = 1 / math.sqrt(n)

    def scale(out, offset, value, _info, _):
        out[offset] = value * factor

    return nvmath.fft.compile_epilog(scale, dtype, dtype)


def epilog_for(x):
    return {"ltoir": compiled(x.dtype.name, x.shape[-1])}


def unitary_fft(x):
    n = x.shape[-1]
    k = cp.arange(n)
    turns = cp.outer(k, k) % n / n
    matrix = cp.exp(-2j * cp.pi * turns) / n**0.5
    return (x.astype(complex) @ matrix).astype(x.dtype)


def unitary_ifft(x):
    return nvmath.fft.ifft(x, axes=[-1], epilog=epilog_for(x))
