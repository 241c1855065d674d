# Transforms in single precision, whatever the operand's.
# expect: failed forward wrong_value; inverse wrong_value

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


def single(x):
    return x.astype(cp.complex64)


def epilog_for(x):
    return {"ltoir": compiled(x.dtype.name, x.shape[-1])}


def unitary_fft(x):
    y = single(x)
    return nvmath.fft.fft(y, axes=[-1], epilog=epilog_for(y)).astype(x.dtype)


def unitary_ifft(x):
    y = single(x)
    return nvmath.fft.ifft(y, axes=[-1], epilog=epilog_for(y)).astype(x.dtype)
