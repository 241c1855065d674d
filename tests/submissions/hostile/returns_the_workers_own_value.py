# Returns the worker's own description of an array, which says that it lies on the GPU.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values wrong_dtype; memory_space wrong_memory_space; fused not_fused

import sys

import cupy as cp
import numpy as np
import nvmath


def multiply(out, offset, value, response, _):
    out[offset] = value * response[offset]


EPILOG = nvmath.fft.compile_epilog(multiply, "complex64", "float32")


def blurred(image, sigma):
    height, width = image.shape
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2)) / (height * width)
    data = cp.asarray(response.astype(np.float32))
    spectrum = nvmath.fft.rfft(image, epilog={"ltoir": EPILOG, "data": data.data.ptr})
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})


def gaussian_blur(image, sigma):
    host = cp.asnumpy(image).astype(np.float64)
    fy, fx = np.fft.fftfreq(image.shape[0])[:, None], np.fft.rfftfreq(image.shape[1])[None, :]
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2))
    result = np.fft.irfft2(np.fft.rfft2(host) * response, s=image.shape).astype(np.float32)
    value = sys.modules["graders.harness.worker.wire"].ArrayValue
    return value(result, "cuda", result.strides, "cupy.ndarray")
