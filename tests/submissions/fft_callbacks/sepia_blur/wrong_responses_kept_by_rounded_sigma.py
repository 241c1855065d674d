# Keeps the responses by the shape and sigma, rounded to two digits.
# expect: failed values wrong_value

import cupy as cp
import numpy as np
import nvmath

MATRIX = np.array(
    [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]],
    dtype=np.float32,
)
ONE = np.float32(1)


def sepia(image, offset, _, reserved):
    channel = offset % 3
    pixel = offset - channel
    value = MATRIX[channel, 0] * image[pixel]
    value += MATRIX[channel, 1] * image[pixel + 1]
    value += MATRIX[channel, 2] * image[pixel + 2]
    return min(ONE, value)


def blur(spectrum, offset, response, reserved):
    return spectrum[offset] * response[offset]


KEPT = {}
SEPIA = nvmath.fft.compile_prolog(sepia, "float32", "float32")
BLUR = nvmath.fft.compile_prolog(blur, "complex64", "float32")


def responses(height, width, sigma):
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None, :]
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2))
    response /= height * width
    return cp.asarray(np.stack([response] * 3).astype(np.float32))


def sepia_blur(image, sigma):
    height, width, _ = image.shape
    key = (height, width, round(sigma, 2))
    if key not in KEPT:
        KEPT[key] = responses(height, width, sigma)
    response = KEPT[key]
    spectrum = nvmath.fft.rfft(image, axes=(0, 1), prolog={"ltoir": SEPIA})
    parity = "odd" if width % 2 else "even"
    result = nvmath.fft.irfft(
        spectrum,
        axes=(0, 1),
        options={"last_axis_parity": parity},
        prolog={"ltoir": BLUR, "data": response.data.ptr},
    )
    return result
