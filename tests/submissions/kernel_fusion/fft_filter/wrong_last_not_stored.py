# Does not store the very last element of the spectrum.
# expect: failed values wrong_value

import functools

import cupy as cp
import nvmath


@functools.cache
def compiled(dtype, n, count):
    def multiply(out, offset, value, h, _):
        if offset < count - 1:
            out[offset] = value * h[offset] / n

    return nvmath.fft.compile_epilog(multiply, dtype, dtype)


def fft_filter(signal, filter_data):
    epilog = compiled(signal.dtype.name, signal.shape[1], signal.size)
    rows = cp.ascontiguousarray(filter_data)
    callback = {"ltoir": epilog, "data": rows.data.ptr}
    spectrum = nvmath.fft.fft(signal, axes=[-1], epilog=callback)
    return nvmath.fft.ifft(spectrum, axes=[-1])
