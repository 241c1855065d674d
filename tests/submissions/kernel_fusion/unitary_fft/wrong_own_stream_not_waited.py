# Transforms on a stream of its own and returns before that is done.
# expect: failed forward wrong_value; inverse wrong_value
# devices: simulator

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


STREAM = None


def stream():
    global STREAM
    cp.cuda.get_current_stream().synchronize()
    if STREAM is None:
        STREAM = cp.cuda.Stream(non_blocking=True)
    return STREAM


def epilog_for(x):
    return {"ltoir": compiled(x.dtype.name, x.shape[-1])}


def unitary_fft(x):
    return nvmath.fft.fft(x, axes=[-1], epilog=epilog_for(x), stream=stream())


def unitary_ifft(x):
    return nvmath.fft.ifft(x, axes=[-1], epilog=epilog_for(x), stream=stream())
