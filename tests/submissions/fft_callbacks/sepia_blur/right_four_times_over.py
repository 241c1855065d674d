# Blurs the image four times over, each time right and fused, and returns the last result.
# expect: passed
# expect on cuda: failed faster too_slow

import cupy as cp
import numpy as np
import nvmath

MATRIX = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])


def sepia(image, k, _, __):
    c = k % 3
    p = k // 3 * 3
    value = (
        MATRIX[c, 0] * image[p]
        + MATRIX[c, 1] * image[p + 1]
        + MATRIX[c, 2] * image[p + 2]
    )
    return value if value < 1.0 else 1.0


def blur(spectrum, k, response, _):
    return spectrum[k] * response[k // 3]


SEPIA = nvmath.fft.compile_prolog(sepia, "float32", "float32")
BLUR = nvmath.fft.compile_prolog(blur, "complex64", "float32")


def once(image, sigma):
    height, width = image.shape[:2]
    gy = np.exp(-2 * (np.pi * sigma * np.fft.fftfreq(height)) ** 2) / height
    gx = np.exp(-2 * (np.pi * sigma * np.fft.rfftfreq(width)) ** 2) / width
    response = cp.asarray(np.outer(gy, gx), dtype=cp.float32)
    options = {"result_layout": "natural"}
    spectrum = nvmath.fft.rfft(
        image, axes=(0, 1), options=options, prolog={"ltoir": SEPIA}
    )
    options = {
        "result_layout": "natural",
        "last_axis_parity": "odd" if width % 2 else "even",
    }
    return nvmath.fft.irfft(
        spectrum,
        axes=(0, 1),
        options=options,
        prolog={"ltoir": BLUR, "data": response.data.ptr},
    )


def sepia_blur(image, sigma):
    for _ in range(4):
        result = once(image, sigma)
    return result
