# Keeps the rearranged filter by its address, which other filters get too.
# expect: failed values wrong_value

import functools

import cupy as cp
import nvmath


@functools.cache
def compiled(dtype, n):
    def multiply(out, offset, value, h, _):
        out[offset] = value * h[offset] / n

    return nvmath.fft.compile_epilog(multiply, dtype, dtype)


FILTERS = {}


def fft_filter(signal, filter_data):
    epilog = compiled(signal.dtype.name, signal.shape[1])
    key = (filter_data.data.ptr, filter_data.shape, filter_data.dtype.name)
    if key not in FILTERS:
        FILTERS[key] = cp.array(filter_data, order="C")
    rows = FILTERS[key]
    callback = {"ltoir": epilog, "data": rows.data.ptr}
    spectrum = nvmath.fft.fft(signal, axes=[-1], epilog=callback)
    return nvmath.fft.ifft(spectrum, axes=[-1])
