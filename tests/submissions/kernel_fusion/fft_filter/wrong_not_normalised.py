# Forgets the 1/n: nvmath's inverse transform does not include it.
# expect: failed values wrong_value

import functools

import cupy as cp
import nvmath


@functools.cache
def compiled(dtype):
    def multiply(out, offset, value, h, _):
        out[offset] = value * h[offset]

    return nvmath.fft.compile_epilog(multiply, dtype, dtype)


def fft_filter(signal, filter_data):
    epilog = compiled(signal.dtype.name)
    rows = cp.ascontiguousarray(filter_data)
    callback = {"ltoir": epilog, "data": rows.data.ptr}
    spectrum = nvmath.fft.fft(signal, axes=[-1], epilog=callback)
    return nvmath.fft.ifft(spectrum, axes=[-1])
