# The inverse transform's prolog has a complex response, compiled at each call.
# expect: passed

import cupy as cp
import nvmath


def gaussian_blur(image, sigma):
    rows, columns = image.shape
    fy = cp.fft.fftfreq(rows)[:, None].astype(cp.float32)
    fx = cp.fft.rfftfreq(columns)[None, :].astype(cp.float32)
    squares = fx * fx + fy * fy
    h = cp.exp(-2.0 * cp.pi * cp.pi * sigma * sigma * squares).astype(cp.complex64)
    area = rows * columns

    def apply(data_in, offset, filter_data, unused):
        return data_in[offset] * filter_data[offset] / area

    prolog = nvmath.fft.compile_prolog(apply, "complex64", "complex64")
    spectrum = nvmath.fft.rfft(image)
    return nvmath.fft.irfft(
        spectrum,
        options={"last_axis_parity": "odd" if columns % 2 == 1 else "even"},
        prolog={"ltoir": prolog, "data": h.data.ptr},
    )
