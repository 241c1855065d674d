# Keeps the factor by n alone, in the precision of the first call with it.
# expect: failed forward wrong_value; inverse wrong_value

import functools
import math

import numpy as np
import nvmath

FACTORS = {}


def factor_for(n, dtype):
    if n not in FACTORS:
        real = np.float32 if dtype == "complex64" else np.float64
        FACTORS[n] = real(1 / math.sqrt(n))
    return FACTORS[n]


@functools.cache
def compiled(dtype, n):
    factor = factor_for(n, dtype)

    def scale(out, offset, value, _info, _):
        out[offset] = value * factor

    return nvmath.fft.compile_epilog(scale, dtype, dtype)


def epilog_for(x):
    return {"ltoir": compiled(x.dtype.name, x.shape[-1])}


def unitary_fft(x):
    return nvmath.fft.fft(x, axes=[-1], epilog=epilog_for(x))


def unitary_ifft(x):
    return nvmath.fft.ifft(x, axes=[-1], epilog=epilog_for(x))
