# Transforms with nvmath, but lets CuPy multiply the spectrum.
# expect: failed fused not_fused

import cupy as cp
import numpy as np
import nvmath


def response_for(height, width, sigma):
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None, :]
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2))
    return cp.asarray((response / (height * width)).astype(np.float32))


def gaussian_blur(image, sigma):
    height, width = image.shape
    response = response_for(height, width, sigma)
    spectrum = nvmath.fft.rfft(image) * response
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})
