# Changes the image and makes the worker say that it did not.
# exercise: fft_callbacks/gaussian_blur
# expect: failed inputs_unchanged mutated_input
# devices: simulator
# known: evidence is the worker's word

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
    result = blurred(image, sigma)
    unchanged = sys.modules["graders.harness.worker.unchanged"]
    unchanged.Contents.differ = lambda *args: False
    image[...] = 0
    return result
