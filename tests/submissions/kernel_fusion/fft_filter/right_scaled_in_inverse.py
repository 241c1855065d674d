# Two callbacks: the product as the spectrum is stored, 1/n as the result is.
# expect: passed

import functools

import cupy as cp
import nvmath


@functools.cache
def product(dtype):
    def multiply(out, offset, value, h, _):
        out[offset] = value * h[offset]

    return nvmath.fft.compile_epilog(multiply, dtype, dtype)


@functools.cache
def division(dtype, n):
    def divide(out, offset, value, _h, _):
        out[offset] = value / n

    return nvmath.fft.compile_epilog(divide, dtype, dtype)


def fft_filter(signal, filter_data):
    dtype = signal.dtype.name
    h = cp.ascontiguousarray(filter_data)
    spectrum = nvmath.fft.fft(
        signal, axes=[-1], epilog={"ltoir": product(dtype), "data": h.data.ptr}
    )
    return nvmath.fft.ifft(
        spectrum, axes=[-1], epilog={"ltoir": division(dtype, signal.shape[1])}
    )
