# Keeps spectra by shape and dtype.
# expect: failed forward wrong_value; fused not_fused

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


KEPT = {}


def unitary_fft(x):
    key = (x.shape, x.dtype.name)
    if key not in KEPT:
        KEPT[key] = nvmath.fft.fft(x, axes=[-1], epilog=epilog_for(x))
    return KEPT[key].copy()


def unitary_ifft(x):
    return nvmath.fft.ifft(x, axes=[-1], epilog=epilog_for(x))
