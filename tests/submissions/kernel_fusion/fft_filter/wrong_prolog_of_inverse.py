# Filters in the prolog of the inverse transform; the forward one has no callback.
# expect: failed fused not_fused

import functools

import cupy as cp
import nvmath


@functools.cache
def compiled(dtype, n):
    def load(data, offset, h, _):
        return data[offset] * h[offset] / n

    return nvmath.fft.compile_prolog(load, dtype, dtype)


def fft_filter(signal, filter_data):
    prolog = compiled(signal.dtype.name, signal.shape[1])
    spectrum = nvmath.fft.fft(signal, axes=[-1])
    rows = cp.ascontiguousarray(filter_data)
    callback = {"ltoir": prolog, "data": rows.data.ptr}
    return nvmath.fft.ifft(spectrum, axes=[-1], prolog=callback)
