# Its epilog uses a name that does not exist.
# expect: failed forward compile_failed; inverse compile_failed; memory_space compile_failed; inputs_unchanged compile_failed; fused compile_failed

import functools
import math

import nvmath


@functools.cache
def compiled(dtype, n):
    factor = 1 / math.sqrt(n)

    def scale(out, offset, value, _info, _):
        out[offset] = value * fctor

    return nvmath.fft.compile_epilog(scale, dtype, dtype)


def epilog_for(x):
    return {"ltoir": compiled(x.dtype.name, x.shape[-1])}


def unitary_fft(x):
    return nvmath.fft.fft(x, axes=[-1], epilog=epilog_for(x))


def unitary_ifft(x):
    return nvmath.fft.ifft(x, axes=[-1], epilog=epilog_for(x))
