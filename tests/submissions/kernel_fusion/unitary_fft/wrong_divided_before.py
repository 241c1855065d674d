# Divides the operand in a kernel of CuPy's; its epilog stores what it gets.
# expect: failed fused not_fused

import functools
import math

import nvmath


@functools.cache
def compiled(dtype, n):
    factor = 1 / math.sqrt(n)

    def scale(out, offset, value, _info, _):
        out[offset] = value

    return nvmath.fft.compile_epilog(scale, dtype, dtype)


def epilog_for(x):
    return {"ltoir": compiled(x.dtype.name, x.shape[-1])}


def unitary_fft(x):
    return nvmath.fft.fft(x / x.shape[-1] ** 0.5, axes=[-1], epilog=epilog_for(x))


def unitary_ifft(x):
    return nvmath.fft.ifft(x / x.shape[-1] ** 0.5, axes=[-1], epilog=epilog_for(x))
