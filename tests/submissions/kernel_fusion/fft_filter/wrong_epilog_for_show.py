# Normalises in the epilog of the forward transform and filters in the inverse's prolog.
# expect: failed fused not_fused
# devices: simulator

import functools

import cupy as cp
import nvmath


def _load(spectrum, offset, filter_data, _):
    return spectrum[offset] * filter_data[offset]


@functools.cache
def compiled(dtype, n):
    factor = 1 / n

    def scale(spectrum, offset, value, _info, _reserved):
        spectrum[offset] = value * factor

    return (
        nvmath.fft.compile_epilog(scale, dtype, dtype),
        nvmath.fft.compile_prolog(_load, dtype, dtype),
    )


def fft_filter(signal, filter_data):
    signal = cp.ascontiguousarray(signal)
    filter_data = cp.ascontiguousarray(filter_data)
    epilog, prolog = compiled(signal.dtype.name, signal.shape[-1])
    spectrum = nvmath.fft.fft(signal, axes=[-1], epilog={"ltoir": epilog})
    filtering = {"ltoir": prolog, "data": filter_data.data.ptr}
    return nvmath.fft.ifft(spectrum, axes=[-1], prolog=filtering)
