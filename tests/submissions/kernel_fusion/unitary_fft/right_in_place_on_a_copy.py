# Transforms in place, on a copy of the operand.
# expect: passed

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
    work = cp.array(x, order="C")
    return nvmath.fft.fft(
        work, axes=[-1], options={"inplace": True}, epilog=epilog_for(x)
    )


def unitary_ifft(x):
    work = cp.array(x, order="C")
    return nvmath.fft.ifft(
        work, axes=[-1], options={"inplace": True}, epilog=epilog_for(x)
    )
