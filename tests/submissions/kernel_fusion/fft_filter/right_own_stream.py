# Everything runs on a stream of the program's own, which the current one waits for.
# expect: passed

import functools

import cupy as cp
import nvmath

STREAM = None


@functools.cache
def compiled(dtype, n):
    def multiply(out, offset, value, h, _):
        out[offset] = value * h[offset] / n

    return nvmath.fft.compile_epilog(multiply, dtype, dtype)


def fft_filter(signal, filter_data):
    global STREAM
    if STREAM is None:
        STREAM = cp.cuda.Stream(non_blocking=True)
    caller = cp.cuda.get_current_stream()
    STREAM.wait_event(caller.record())
    with STREAM:
        h = cp.ascontiguousarray(filter_data)
        epilog = compiled(signal.dtype.name, signal.shape[1])
        spectrum = nvmath.fft.fft(
            signal, axes=[-1], epilog={"ltoir": epilog, "data": h.data.ptr}
        )
        result = nvmath.fft.ifft(spectrum, axes=[-1])
        caller.wait_event(STREAM.record())
    return result
