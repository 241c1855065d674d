# Refuses operands in Fortran order.
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed

import functools

import cupy as cp
import nvmath


@functools.cache
def compiled(dtype, n):
    def multiply(out, offset, value, h, _):
        out[offset] = value * h[offset] / n

    return nvmath.fft.compile_epilog(multiply, dtype, dtype)


def fft_filter(signal, filter_data):
    if not (signal.flags.c_contiguous and filter_data.flags.c_contiguous):
        msg = "operands must be in C order"
        raise ValueError(msg)
    epilog = compiled(signal.dtype.name, signal.shape[1])
    rows = cp.ascontiguousarray(filter_data)
    callback = {"ltoir": epilog, "data": rows.data.ptr}
    spectrum = nvmath.fft.fft(signal, axes=[-1], epilog=callback)
    return nvmath.fft.ifft(spectrum, axes=[-1])
