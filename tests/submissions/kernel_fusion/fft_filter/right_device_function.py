# The epilog leaves the arithmetic to a device function of numba-cuda.
# expect: passed

import cupy as cp
import nvmath
from numba import cuda


@cuda.jit(device=True)
def weighted(value, weight, n):
    return value * weight / n


def fft_filter(signal, filter_data):
    n = signal.shape[1]

    def multiply(out, offset, value, h, _):
        out[offset] = weighted(value, h[offset], n)

    dtype = signal.dtype.name
    epilog = nvmath.fft.compile_epilog(multiply, dtype, dtype)
    h = cp.ascontiguousarray(filter_data)
    spectrum = nvmath.fft.fft(
        signal, axes=[1], epilog={"ltoir": epilog, "data": h.data.ptr}
    )
    return nvmath.fft.ifft(spectrum, axes=[1])
