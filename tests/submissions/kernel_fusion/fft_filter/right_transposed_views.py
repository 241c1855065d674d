# Signals in Fortran order are transformed down the columns of their transpose.
# expect: passed

import functools

import cupy as cp
import nvmath


@functools.cache
def compiled(dtype, n):
    def multiply(out, offset, value, h, _):
        out[offset] = value * h[offset] / n

    return nvmath.fft.compile_epilog(multiply, dtype, dtype)


def fft_filter(signal, filter_data):
    turned = not signal.flags.c_contiguous
    x, h = (signal.T, filter_data.T) if turned else (signal, filter_data)
    axes = [0] if turned else [1]
    options = {"result_layout": "natural"}
    h = cp.ascontiguousarray(h)
    epilog = compiled(signal.dtype.name, signal.shape[1])
    spectrum = nvmath.fft.fft(
        x,
        axes=axes,
        options=options,
        epilog={"ltoir": epilog, "data": h.data.ptr},
    )
    result = nvmath.fft.ifft(spectrum, axes=axes, options=options)
    return result.T if turned else result
