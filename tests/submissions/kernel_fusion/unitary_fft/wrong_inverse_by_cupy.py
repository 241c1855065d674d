# Uses a callback forth, and CuPy's transform back.
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
    return nvmath.fft.fft(x, axes=[-1], epilog=epilog_for(x))


def unitary_ifft(x):
    return cp.fft.ifft(x, norm="ortho")
