# Transforms on a stream of its own and waits for it.
# expect: passed

import functools

import cupy as cp
import nvmath

STREAM = None


@functools.cache
def compiled(dtype, n):
    def scale(out, offset, value, _info, _):
        out[offset] = value / n**0.5

    return nvmath.fft.compile_epilog(scale, dtype, dtype)


def run(transform, x):
    global STREAM
    if STREAM is None:
        STREAM = cp.cuda.Stream(non_blocking=True)
    cp.cuda.get_current_stream().synchronize()
    epilog = {"ltoir": compiled(x.dtype.name, x.shape[-1])}
    result = transform(x, axes=[-1], epilog=epilog, stream=STREAM)
    STREAM.synchronize()
    return result


def unitary_fft(x):
    return run(nvmath.fft.fft, x)


def unitary_ifft(x):
    return run(nvmath.fft.ifft, x)
