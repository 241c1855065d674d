# Scales back by 1/n, as if the forward transform had no factor.
# expect: failed inverse wrong_value

import functools
import math

import nvmath


@functools.cache
def compiled(dtype, n):
    factor = 1 / math.sqrt(n)

    def scale(out, offset, value, _info, _):
        out[offset] = value * factor

    return nvmath.fft.compile_epilog(scale, dtype, dtype)


def epilog_for(x, n):
    return {"ltoir": compiled(x.dtype.name, n)}


def unitary_fft(x):
    return nvmath.fft.fft(x, axes=[-1], epilog=epilog_for(x, x.shape[-1]))


def unitary_ifft(x):
    return nvmath.fft.ifft(x, axes=[-1], epilog=epilog_for(x, x.shape[-1] ** 2))
