# Freezes the sizes in closures and compiles both callbacks at every call.
# expect: passed

import cupy as cp
import numpy as np
import nvmath

SEPIA_MATRIX = np.array(
    [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]]
)


def sepia_blur(image, sigma):
    rows, columns, channels = image.shape
    area = rows * columns
    kept = rows * (columns // 2 + 1)

    def sepia_prolog_impl(data_in, offset, unused_user_info, unused):
        channel_index = offset // area
        pixel_index = offset % area
        r = data_in[pixel_index]
        g = data_in[area + pixel_index]
        b = data_in[2 * area + pixel_index]
        return min(
            1.0,
            SEPIA_MATRIX[channel_index, 0] * r
            + SEPIA_MATRIX[channel_index, 1] * g
            + SEPIA_MATRIX[channel_index, 2] * b,
        )

    def blur_prolog_impl(data_in, offset, filter_data, unused):
        return data_in[offset] * filter_data[offset % kept] / area

    sepia = nvmath.fft.compile_prolog(sepia_prolog_impl, "float32", "float32")
    blur = nvmath.fft.compile_prolog(blur_prolog_impl, "complex64", "complex64")
    fy = np.fft.fftfreq(rows)[:, None]
    fx = np.fft.rfftfreq(columns)[None, :]
    h = np.exp(-2.0 * np.pi * np.pi * sigma * sigma * (fx * fx + fy * fy))
    h = cp.asarray(h, dtype=cp.complex64)
    planes = image.transpose(2, 0, 1).copy()
    options = nvmath.fft.FFTOptions(last_axis_parity="odd" if columns % 2 else "even")
    with nvmath.fft.FFT(planes, axes=(1, 2)) as forward:
        forward.plan(prolog={"ltoir": sepia})
        spectrum = forward.execute()
    result = nvmath.fft.irfft(
        spectrum,
        axes=(1, 2),
        options=options,
        prolog={"ltoir": blur, "data": h.data.ptr},
    )
    return result.transpose(1, 2, 0)
