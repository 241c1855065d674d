# Transforms row by row, and gathers the rows into a new array.
# expect: failed fused extra_copies

import functools

import cupy as cp
import nvmath


@functools.cache
def compiled(dtype, n):
    def multiply(out, offset, value, h, _):
        out[offset] = value * h[offset] / n

    return nvmath.fft.compile_epilog(multiply, dtype, dtype)


def fft_filter(signal, filter_data):
    epilog = compiled(signal.dtype.name, signal.shape[1])
    signal = cp.ascontiguousarray(signal)
    weights = cp.ascontiguousarray(filter_data)
    rows = []
    for row, h in zip(signal, weights):
        callback = {"ltoir": epilog, "data": h.data.ptr}
        rows.append(nvmath.fft.ifft(nvmath.fft.fft(row, epilog=callback)))
    return cp.stack(rows)
