# Its prolog scales the operand itself.
# expect: failed inputs_unchanged mutated_input

import functools
import math

import nvmath


@functools.cache
def compiled(dtype, n):
    factor = 1 / math.sqrt(n)

    def scale(data, offset, _info, _):
        data[offset] = data[offset] * factor
        return data[offset]

    return nvmath.fft.compile_prolog(scale, dtype, dtype)


def epilog_for(x):
    return {"ltoir": compiled(x.dtype.name, x.shape[-1])}


def unitary_fft(x):
    return nvmath.fft.fft(x, axes=[-1], prolog=epilog_for(x))


def unitary_ifft(x):
    return nvmath.fft.ifft(x, axes=[-1], prolog=epilog_for(x))
