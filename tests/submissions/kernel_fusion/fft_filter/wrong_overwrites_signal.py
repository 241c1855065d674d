# Transforms in place: the signal is gone.
# expect: failed inputs_unchanged mutated_input

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
    h = cp.asarray(filter_data, order="C" if signal.flags.c_contiguous else "F")
    options = {"inplace": True}
    spectrum = nvmath.fft.fft(
        signal,
        axes=[-1],
        options=options,
        epilog={"ltoir": epilog, "data": h.data.ptr},
    )
    return nvmath.fft.ifft(spectrum, axes=[-1])
