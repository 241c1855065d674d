# The callback calls a helper that is a device function of numba-cuda.
# expect: passed

import cupy as cp
import numpy as np
import nvmath
from numba import cuda


@cuda.jit(device=True)
def scaled(value, factor):
    return value * factor


def multiply(out, offset, value, response, _):
    out[offset] = scaled(value, response[offset])


EPILOG = nvmath.fft.compile_epilog(multiply, "complex64", "float32")


def response_for(shape, sigma):
    fy = np.fft.fftfreq(shape[0])[:, None]
    fx = np.fft.rfftfreq(shape[1])
    h = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2)) / np.prod(shape)
    return cp.asarray(h, dtype=cp.float32)


def gaussian_blur(image, sigma):
    h = response_for(image.shape, sigma)
    spectrum = nvmath.fft.rfft(image, epilog={"ltoir": EPILOG, "data": h.data.ptr})
    parity = "odd" if image.shape[-1] % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})
