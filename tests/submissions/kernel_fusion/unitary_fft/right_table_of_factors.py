# A table with a factor for each frequency, which the epilog reads at offset % n.
# expect: passed

import functools

import cupy as cp
import nvmath


@functools.cache
def compiled(dtype, n):
    def scale(out, offset, value, table, _):
        out[offset] = value * table[offset % n]

    return nvmath.fft.compile_epilog(scale, dtype, "float64")


@functools.cache
def table_for(n):
    return cp.full(n, n**-0.5, dtype=cp.float64)


def run(transform, x):
    n = x.shape[-1]
    table = table_for(n)
    epilog = {"ltoir": compiled(x.dtype.name, n), "data": table.data.ptr}
    return transform(x, axes=[-1], epilog=epilog)


def unitary_fft(x):
    return run(nvmath.fft.fft, x)


def unitary_ifft(x):
    return run(nvmath.fft.ifft, x)
