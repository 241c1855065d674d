# A kernel before the transforms divides the filter by n; compiled once for a dtype.
# expect: passed

import cupy as cp
import nvmath


def multiply(data_out, offset, data, weights, unused):
    data_out[offset] = data * weights[offset]


EPILOGS = {
    name: nvmath.fft.compile_epilog(multiply, name, name)
    for name in ("complex64", "complex128")
}


def fft_filter(signal, filter_data):
    weights = cp.ascontiguousarray(filter_data) / signal.shape[1]
    epilog = {"ltoir": EPILOGS[signal.dtype.name], "data": weights.data.ptr}
    spectrum = nvmath.fft.fft(signal, axes=[1], epilog=epilog)
    return nvmath.fft.ifft(spectrum, axes=[1])
