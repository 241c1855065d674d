# Prolog and epilog take a fourth root of n each.
# expect: passed

import functools

import nvmath


@functools.cache
def callbacks(dtype, n):
    half = n**-0.25

    def load(data_in, offset, _info, _):
        return data_in[offset] * half

    def store(data_out, offset, data, _info, _):
        data_out[offset] = data * half

    return (
        {"ltoir": nvmath.fft.compile_prolog(load, dtype, dtype)},
        {"ltoir": nvmath.fft.compile_epilog(store, dtype, dtype)},
    )


def unitary_fft(x):
    load, store = callbacks(x.dtype.name, x.shape[-1])
    return nvmath.fft.fft(x, axes=[-1], prolog=load, epilog=store)


def unitary_ifft(x):
    load, store = callbacks(x.dtype.name, x.shape[-1])
    return nvmath.fft.ifft(x, axes=[-1], prolog=load, epilog=store)
