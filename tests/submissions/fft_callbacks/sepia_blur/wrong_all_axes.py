# Transforms the axis of the channels too.
# expect: failed values wrong_value

import cupy as cp
import numpy as np
import nvmath

MATRIX = np.array(
    [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]],
    dtype=np.float32,
)
ONE = np.float32(1)


def sepia(planes, offset, size, reserved):
    pixels = int(size[0])
    channel = offset // pixels
    pixel = offset % pixels
    value = MATRIX[channel, 0] * planes[pixel]
    value += MATRIX[channel, 1] * planes[pixel + pixels]
    value += MATRIX[channel, 2] * planes[pixel + 2 * pixels]
    return min(ONE, value)


def blur(spectrum, offset, response, reserved):
    return spectrum[offset] * response[offset]


SEPIA = nvmath.fft.compile_prolog(sepia, "float32", "float64")
BLUR = nvmath.fft.compile_prolog(blur, "complex64", "float32")


def sepia_blur(image, sigma):
    height, width, _ = image.shape
    planes = cp.ascontiguousarray(image.transpose(2, 0, 1))
    size = cp.asarray([height * width], dtype=cp.float64)
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None, :]
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2)) / (height * width)
    responses = cp.asarray(np.stack([response] * 3).astype(np.float32))
    spectrum = nvmath.fft.rfft(planes, prolog={"ltoir": SEPIA, "data": size.data.ptr})
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(
        spectrum,
        options={"last_axis_parity": parity},
        prolog={"ltoir": BLUR, "data": responses.data.ptr},
    )
