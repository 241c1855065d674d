# Adds the filter in place of multiplying by it.
# expect: failed values wrong_value

import functools

import cupy as cp
import nvmath


@functools.cache
def compiled(dtype, n):
    def multiply(out, offset, value, h, _):
        out[offset] = (value + h[offset]) / n

    return nvmath.fft.compile_epilog(multiply, dtype, dtype)


def fft_filter(signal, filter_data):
    epilog = compiled(signal.dtype.name, signal.shape[1])
    rows = cp.ascontiguousarray(filter_data)
    callback = {"ltoir": epilog, "data": rows.data.ptr}
    spectrum = nvmath.fft.fft(signal, axes=[-1], epilog=callback)
    return nvmath.fft.ifft(spectrum, axes=[-1])
