# The prolog calls a helper that is a device function of numba-cuda.
# expect: passed

import cupy as cp
import numpy as np
import nvmath
from numba import cuda


@cuda.jit(device=True)
def toned(channel, r, g, b):
    if channel == 0:
        return 0.393 * r + 0.769 * g + 0.189 * b
    if channel == 1:
        return 0.349 * r + 0.686 * g + 0.168 * b
    return 0.272 * r + 0.534 * g + 0.131 * b


def sepia(image, offset, _, reserved):
    channel = offset % 3
    pixel = offset - channel
    return min(1.0, toned(channel, image[pixel], image[pixel + 1], image[pixel + 2]))


def blur(spectrum, offset, response, reserved):
    return spectrum[offset] * response[offset]


sepia_ltoir = nvmath.fft.compile_prolog(sepia, "float32", "float32")
blur_ltoir = nvmath.fft.compile_prolog(blur, "complex64", "float32")


def sepia_blur(image, sigma):
    height, width, _ = image.shape
    frequencies = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    h = np.exp(-2 * (np.pi * sigma * frequencies) ** 2) / (height * width)
    response = cp.asarray(np.stack([h, h, h]).astype(np.float32))
    spectrum = nvmath.fft.rfft(image, axes=(0, 1), prolog={"ltoir": sepia_ltoir})
    return nvmath.fft.irfft(
        spectrum,
        axes=(0, 1),
        options={"last_axis_parity": ["even", "odd"][width % 2]},
        prolog={"ltoir": blur_ltoir, "data": response.data.ptr},
    )
