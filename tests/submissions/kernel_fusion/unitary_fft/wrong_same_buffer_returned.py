# Transforms in place in one kept buffer for each shape, and returns that.
# expect: failed forward wrong_value

import math

import cupy as cp
import nvmath

BUFFERS = {}


def epilog(x):
    factor = 1.0 / math.sqrt(x.shape[-1])

    def scaled(data_out, offset, data, user_info, reserved):
        data_out[offset] = data * factor

    name = x.dtype.name
    return {"ltoir": nvmath.fft.compile_epilog(scaled, name, name)}


def unitary_fft(x):
    key = (x.shape, x.dtype.name)
    buffer = BUFFERS.setdefault(key, cp.empty(x.shape, x.dtype))
    buffer[...] = x
    return nvmath.fft.fft(
        buffer, axes=[x.ndim - 1], options={"inplace": True}, epilog=epilog(x)
    )


def unitary_ifft(x):
    return nvmath.fft.ifft(x, axes=[x.ndim - 1], epilog=epilog(x))
