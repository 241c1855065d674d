# Transforms the last axis as the first one of a transposed view.
# expect: passed

import functools
import math

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
    options = {"result_layout": "natural"}
    result = nvmath.fft.fft(x.T, axes=[0], options=options, epilog=epilog_for(x))
    return result.T


def unitary_ifft(x):
    options = {"result_layout": "natural"}
    result = nvmath.fft.ifft(x.T, axes=[0], options=options, epilog=epilog_for(x))
    return result.T
