# The epilog reads the filter as pairs of real numbers.
# expect: passed

import functools

import cupy as cp
import nvmath

REAL = {"complex64": "float32", "complex128": "float64"}


@functools.cache
def compiled(dtype, n):
    def multiply(out, offset, value, parts, _):
        real = parts[2 * offset]
        imag = parts[2 * offset + 1]
        out[offset] = complex(
            (value.real * real - value.imag * imag) / n,
            (value.real * imag + value.imag * real) / n,
        )

    return nvmath.fft.compile_epilog(multiply, dtype, REAL[dtype])


def fft_filter(signal, filter_data):
    parts = cp.ascontiguousarray(filter_data).view(REAL[signal.dtype.name])
    epilog = compiled(signal.dtype.name, signal.shape[1])
    spectrum = nvmath.fft.fft(
        signal, axes=[-1], epilog={"ltoir": epilog, "data": parts.data.ptr}
    )
    return nvmath.fft.ifft(spectrum, axes=[-1], options={"blocking": True})
