# Transforms one row after the other, with one plan, into the rows of the result.
# expect: passed

import functools

import cupy as cp
import nvmath


@functools.cache
def compiled(dtype, n):
    def scale(out, offset, value, _info, _):
        out[offset] = value / n**0.5

    return nvmath.fft.compile_epilog(scale, dtype, dtype)


def run(x, direction):
    n = x.shape[-1]
    rows = cp.ascontiguousarray(x).reshape(-1, n)
    result = cp.empty_like(rows)
    buffer = cp.empty(n, x.dtype)
    with nvmath.fft.FFT(buffer) as plan:
        plan.plan(epilog={"ltoir": compiled(x.dtype.name, n)}, direction=direction)
        for source, target in zip(rows, result):
            buffer[...] = source
            target[...] = plan.execute(direction=direction)
    return result.reshape(x.shape)


def unitary_fft(x):
    return run(x, "forward")


def unitary_ifft(x):
    return run(x, "inverse")
