# Divides by the inverse of the filter, which has none where it is zero.
# expect: failed values wrong_value

import functools

import cupy as cp
import nvmath


@functools.cache
def compiled(dtype):
    def divide(out, offset, value, inverse, _):
        out[offset] = value / inverse[offset]

    return nvmath.fft.compile_epilog(divide, dtype, dtype)


def fft_filter(signal, filter_data):
    rows = cp.ascontiguousarray(signal)
    inverse = signal.shape[1] / cp.ascontiguousarray(filter_data)
    callback = {"ltoir": compiled(signal.dtype.name), "data": inverse.data.ptr}
    spectrum = nvmath.fft.fft(rows, axes=[-1], epilog=callback)
    return nvmath.fft.ifft(spectrum, axes=[-1])
