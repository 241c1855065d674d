# Its epilog divides by n, and a kernel of its own in numba multiplies by the filter.
# expect: failed fused not_fused

import functools

import nvmath
from numba import cuda


@functools.cache
def compiled(dtype, n):
    def divide(out, offset, value, _info, _):
        out[offset] = value / n

    return nvmath.fft.compile_epilog(divide, dtype, dtype)


@cuda.jit
def filtered(spectrum, h):
    i = cuda.grid(1)
    if i < spectrum.size:
        row, column = i // spectrum.shape[1], i % spectrum.shape[1]
        spectrum[row, column] *= h[row, column]


def fft_filter(signal, filter_data):
    epilog = {"ltoir": compiled(signal.dtype.name, signal.shape[1])}
    spectrum = nvmath.fft.fft(signal, axes=[-1], epilog=epilog)
    filtered[(spectrum.size + 255) // 256, 256](spectrum, filter_data)
    return nvmath.fft.ifft(spectrum, axes=[-1])
