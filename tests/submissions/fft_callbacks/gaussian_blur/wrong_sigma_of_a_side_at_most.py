# Takes a sigma of the height at most.
# expect: failed values wrong_value

import cupy as cp
import numpy as np
import nvmath


def multiply(out, offset, value, response, _):
    out[offset] = value * response[offset]


EPILOG = nvmath.fft.compile_epilog(multiply, "complex64", "float32")


def response_for(height, width, sigma):
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None, :]
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2))
    response /= height * width
    return cp.asarray(response.astype(np.float32))


def gaussian_blur(image, sigma):
    height, width = image.shape
    sigma = min(sigma, height)
    response = response_for(height, width, sigma)
    spectrum = nvmath.fft.rfft(
        image, epilog={"ltoir": EPILOG, "data": response.data.ptr}
    )
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})
