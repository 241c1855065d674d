# Works row and column out from the offset, with the rows of the first call of a length.
# expect: failed values wrong_value

import nvmath

EPILOGS = {}


def build(dtype, n, down, along):
    def multiply(out, offset, value, h, _):
        row = offset // n
        column = offset - row * n
        out[offset] = value * h[row * down + column * along] / n

    return nvmath.fft.compile_epilog(multiply, dtype, dtype)


def fft_filter(signal, filter_data):
    dtype, n = signal.dtype.name, signal.shape[1]
    key = (dtype, n, filter_data.flags.c_contiguous)
    if key not in EPILOGS:
        size = filter_data.itemsize
        down, along = (step // size for step in filter_data.strides)
        EPILOGS[key] = build(dtype, n, down, along)
    spectrum = nvmath.fft.fft(
        signal,
        axes=[-1],
        options={"result_layout": "optimized"},
        epilog={"ltoir": EPILOGS[key], "data": filter_data.data.ptr},
    )
    return nvmath.fft.ifft(spectrum, axes=[-1])
