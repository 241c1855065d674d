# 1/n lies in one more element behind the filter, where the epilog finds it.
# expect: passed

import functools

import cupy as cp
import nvmath


@functools.cache
def compiled(dtype):
    def multiply(out, offset, value, info, _):
        out[offset] = value * info[0] * info[offset + 1]

    return nvmath.fft.compile_epilog(multiply, dtype, dtype)


def fft_filter(signal, filter_data):
    info = cp.empty(filter_data.size + 1, dtype=filter_data.dtype)
    info[:1] = 1 / signal.shape[1]
    info[1:].reshape(filter_data.shape)[...] = filter_data
    epilog = {"ltoir": compiled(signal.dtype.name), "data": info.data.ptr}
    spectrum = nvmath.fft.fft(signal, axes=[-1], epilog=epilog)
    return nvmath.fft.ifft(spectrum, axes=[-1])
