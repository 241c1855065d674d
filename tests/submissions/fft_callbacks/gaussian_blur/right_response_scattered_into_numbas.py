# An array of numba-cuda holds the response, which CuPy adds up in it, row by row.
# expect: passed

import cupy as cp
import cupyx
import numpy as np
import nvmath
from numba import cuda


def multiply(out, offset, value, response, _):
    out[offset] = value * response[offset]


EPILOG = nvmath.fft.compile_epilog(multiply, "complex64", "float32")


def response_for(height, width, sigma):
    shape = height, width // 2 + 1
    fy, fx = cp.fft.fftfreq(height)[:, None], cp.fft.rfftfreq(width)[None, :]
    values = cp.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2)) / (height * width)
    response = cuda.to_device(np.zeros(shape, np.float32))
    rows, columns = cp.arange(height)[:, None], cp.arange(shape[1])[None, :]
    cupyx.scatter_add(cp.asarray(response), (rows, columns), values.astype(cp.float32))
    return response


def gaussian_blur(image, sigma):
    height, width = image.shape
    response = response_for(height, width, sigma)
    data = response.device_ctypes_pointer.value
    spectrum = nvmath.fft.rfft(image, epilog={"ltoir": EPILOG, "data": data})
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})
