# Scales in the prolog and in the epilog.
# expect: failed forward wrong_value; inverse wrong_value

import functools
import math

import nvmath


@functools.cache
def compiled(dtype, n):
    factor = 1 / math.sqrt(n)

    def scale(out, offset, value, _info, _):
        out[offset] = value * factor

    return nvmath.fft.compile_epilog(scale, dtype, dtype)


@functools.cache
def again(dtype, n):
    factor = 1 / math.sqrt(n)

    def load(data, offset, _info, _):
        return data[offset] * factor

    return nvmath.fft.compile_prolog(load, dtype, dtype)


def prolog_for(x):
    return {"ltoir": again(x.dtype.name, x.shape[-1])}


def epilog_for(x):
    return {"ltoir": compiled(x.dtype.name, x.shape[-1])}


def unitary_fft(x):
    return nvmath.fft.fft(x, axes=[-1], prolog=prolog_for(x), epilog=epilog_for(x))


def unitary_ifft(x):
    return nvmath.fft.ifft(x, axes=[-1], prolog=prolog_for(x), epilog=epilog_for(x))
