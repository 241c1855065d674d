# Hands a transposed view of the image to the transform, which copies nothing.
# expect: passed

import cupy as cp
import numpy as np
import nvmath

WEIGHTS = np.array(
    [0.393, 0.769, 0.189, 0.349, 0.686, 0.168, 0.272, 0.534, 0.131], dtype=np.float32
)


def sepia(data_in, offset, unused_user_info, unused):
    channel = offset % 3
    start = offset - channel
    total = np.float32(0)
    for k in range(3):
        total += WEIGHTS[3 * channel + k] * data_in[start + k]
    if total > 1:
        total = np.float32(1)
    return total


def blur(data_in, offset, filter_data, unused):
    return data_in[offset] * filter_data[offset]


SEPIA = nvmath.fft.compile_prolog(sepia, "float32", "float32")
BLUR = nvmath.fft.compile_prolog(blur, "complex64", "complex64")


def sepia_blur(image, sigma):
    view = image.transpose(2, 0, 1)
    _, height, width = view.shape
    fy = cp.fft.fftfreq(height)[:, None].astype(cp.float32)
    fx = cp.fft.rfftfreq(width)[None, :].astype(cp.float32)
    h = cp.exp(-2.0 * cp.pi * cp.pi * sigma * sigma * (fx * fx + fy * fy))
    h = (h / (height * width)).astype(cp.complex64)
    h3 = cp.ascontiguousarray(cp.broadcast_to(h, (3, *h.shape)))
    spectrum = nvmath.fft.rfft(view, axes=(1, 2), prolog={"ltoir": SEPIA})
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(
        spectrum,
        axes=(1, 2),
        options={"last_axis_parity": parity},
        prolog={"ltoir": BLUR, "data": h3.data.ptr},
    )
