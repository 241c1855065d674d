# The inverse is a forward transform whose callbacks conjugate, before and after.
# expect: passed

import functools

import nvmath


@functools.cache
def scaling(dtype, n):
    def store(out, offset, value, _info, _):
        out[offset] = value / n**0.5

    return {"ltoir": nvmath.fft.compile_epilog(store, dtype, dtype)}


@functools.cache
def conjugating(dtype, n):
    def load(data, offset, _info, _):
        return data[offset].conjugate()

    def store(out, offset, value, _info, _):
        out[offset] = value.conjugate() / n**0.5

    return (
        {"ltoir": nvmath.fft.compile_prolog(load, dtype, dtype)},
        {"ltoir": nvmath.fft.compile_epilog(store, dtype, dtype)},
    )


def unitary_fft(x):
    epilog = scaling(x.dtype.name, x.shape[-1])
    return nvmath.fft.fft(x, axes=[-1], epilog=epilog)


def unitary_ifft(x):
    prolog, epilog = conjugating(x.dtype.name, x.shape[-1])
    return nvmath.fft.fft(x, axes=[-1], prolog=prolog, epilog=epilog)
