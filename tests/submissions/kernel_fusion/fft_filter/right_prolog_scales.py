# The prolog of the forward transform divides by n, its epilog multiplies.
# expect: passed

import functools

import cupy as cp
import nvmath


@functools.cache
def callbacks(dtype, n):
    def load(data_in, offset, _info, _):
        return data_in[offset] / n

    def store(out, offset, value, h, _):
        out[offset] = value * h[offset]

    return (
        nvmath.fft.compile_prolog(load, dtype, dtype),
        nvmath.fft.compile_epilog(store, dtype, dtype),
    )


def fft_filter(signal, filter_data):
    load, store = callbacks(signal.dtype.name, signal.shape[1])
    h = cp.ascontiguousarray(filter_data)
    spectrum = nvmath.fft.fft(
        signal,
        axes=[-1],
        prolog={"ltoir": load},
        epilog={"ltoir": store, "data": h.data.ptr},
    )
    return nvmath.fft.ifft(spectrum, axes=[-1])
