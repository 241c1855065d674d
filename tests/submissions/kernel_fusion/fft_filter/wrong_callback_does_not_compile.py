# Its epilog uses a name that does not exist.
# expect: failed values compile_failed; memory_space compile_failed; inputs_unchanged compile_failed; fused compile_failed

import functools

import cupy as cp
import nvmath


@functools.cache
def compiled(dtype, n):
    def multiply(out, offset, value, h, _):
        out[offset] = value * filter_data[offset] / n

    return nvmath.fft.compile_epilog(multiply, dtype, dtype)


def fft_filter(signal, filter_data):
    epilog = compiled(signal.dtype.name, signal.shape[1])
    rows = cp.ascontiguousarray(filter_data)
    callback = {"ltoir": epilog, "data": rows.data.ptr}
    spectrum = nvmath.fft.fft(signal, axes=[-1], epilog=callback)
    return nvmath.fft.ifft(spectrum, axes=[-1])
