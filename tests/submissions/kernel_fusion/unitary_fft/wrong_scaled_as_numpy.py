# Scales as NumPy does by default: nothing forth, 1/n back.
# expect: failed forward wrong_value; inverse wrong_value

import functools

import nvmath


@functools.cache
def compiled(dtype, divisor):
    factor = 1 / divisor

    def scale(out, offset, value, _info, _):
        out[offset] = value * factor

    return nvmath.fft.compile_epilog(scale, dtype, dtype)


def epilog_for(x, divisor):
    return {"ltoir": compiled(x.dtype.name, divisor)}


def unitary_fft(x):
    return nvmath.fft.fft(x, axes=[-1], epilog=epilog_for(x, 1))


def unitary_ifft(x):
    return nvmath.fft.ifft(x, axes=[-1], epilog=epilog_for(x, x.shape[-1]))
