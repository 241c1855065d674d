# Compiles its epilog once for a dtype, for the n of the first call.
# expect: failed forward wrong_value; inverse wrong_value

import math

import nvmath

EPILOGS = {}


def compiled(dtype, n):
    if dtype not in EPILOGS:
        EPILOGS[dtype] = build(n, dtype)
    return EPILOGS[dtype]


def build(n, dtype):
    factor = 1 / math.sqrt(n)

    def scale(out, offset, value, _info, _):
        out[offset] = value * factor

    return nvmath.fft.compile_epilog(scale, dtype, dtype)


def epilog_for(x):
    return {"ltoir": compiled(x.dtype.name, x.shape[-1])}


def unitary_fft(x):
    return nvmath.fft.fft(x, axes=[-1], epilog=epilog_for(x))


def unitary_ifft(x):
    return nvmath.fft.ifft(x, axes=[-1], epilog=epilog_for(x))
