# Works on a stream of its own and returns before that is done.
# expect: failed values wrong_value
# devices: simulator

import functools

import cupy as cp
import nvmath


@functools.cache
def compiled(dtype, n):
    def multiply(out, offset, value, h, _):
        out[offset] = value * h[offset] / n

    return nvmath.fft.compile_epilog(multiply, dtype, dtype)


STREAM = None


def fft_filter(signal, filter_data):
    global STREAM
    STREAM = STREAM or cp.cuda.Stream(non_blocking=True)
    cp.cuda.get_current_stream().synchronize()
    epilog = compiled(signal.dtype.name, signal.shape[1])
    with STREAM:
        return on_stream(signal, filter_data, epilog)


def on_stream(signal, filter_data, epilog):
    rows = cp.ascontiguousarray(filter_data)
    callback = {"ltoir": epilog, "data": rows.data.ptr}
    spectrum = nvmath.fft.fft(signal, axes=[-1], epilog=callback)
    return nvmath.fft.ifft(spectrum, axes=[-1])
