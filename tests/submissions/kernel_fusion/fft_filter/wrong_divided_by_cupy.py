# Leaves the division by n to CuPy.
# expect: failed fused not_fused

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
    return nvmath.fft.ifft(spectrum, axes=[-1]) / signal.shape[1]
