# The filter stays as it lies: the epilog works row and column out from the offset.
# expect: passed

import functools

import nvmath


@functools.cache
def compiled(dtype, n, down, along):
    def multiply(out, offset, value, h, _):
        row = offset // n
        column = offset - row * n
        out[offset] = value * h[row * down + column * along] / n

    return nvmath.fft.compile_epilog(multiply, dtype, dtype)


def fft_filter(signal, filter_data):
    size = filter_data.itemsize
    down, along = (step // size for step in filter_data.strides)
    epilog = compiled(signal.dtype.name, signal.shape[1], down, along)
    spectrum = nvmath.fft.fft(
        signal, axes=[-1], epilog={"ltoir": epilog, "data": filter_data.data.ptr}
    )
    return nvmath.fft.ifft(spectrum, axes=[-1])
