# The response is built in NumPy, stays float64, and goes up as user data of an epilog.
# expect: passed

import cupy as cp
import numpy as np
import nvmath
from nvmath.fft import DeviceCallable


def store(out, offset, value, response, reserved):
    out[offset] = value * response[offset]


EPILOG = nvmath.fft.compile_epilog(store, "complex64", "float64")


def gaussian_blur(image, sigma):
    h, w = image.shape
    fy, fx = np.meshgrid(np.fft.fftfreq(h), np.fft.rfftfreq(w), indexing="ij")
    response = np.exp(-2 * (np.pi * sigma) ** 2 * (fx**2 + fy**2)) / (h * w)
    on_gpu = cp.asarray(response)
    callback = DeviceCallable(ltoir=EPILOG, data=on_gpu.data.ptr)
    spectrum = nvmath.fft.rfft(image, epilog=callback)
    options = nvmath.fft.FFTOptions(last_axis_parity="odd" if w % 2 else "even")
    return nvmath.fft.irfft(spectrum, options=options)
