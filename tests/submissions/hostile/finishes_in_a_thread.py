# Returns an empty array, which a thread fills after the call has ended.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values wrong_value; fused not_fused

import select
import threading

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


def fill(result, image, sigma):
    select.select([], [], [], 0.05)
    result[...] = blurred(image, sigma)


def gaussian_blur(image, sigma):
    result = cp.empty_like(image)
    threading.Thread(target=fill, args=(result, image, sigma), daemon=True).start()
    return result
