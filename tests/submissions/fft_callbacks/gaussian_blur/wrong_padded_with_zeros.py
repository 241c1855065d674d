# Pads the image with zeros, so that its borders are not periodic.
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
    height, width = (2 * n for n in image.shape)
    padded = cp.zeros((height, width), dtype=cp.float32)
    padded[: height // 2, : width // 2] = image
    response = response_for(height, width, sigma)
    spectrum = nvmath.fft.rfft(
        padded, epilog={"ltoir": EPILOG, "data": response.data.ptr}
    )
    blurred = nvmath.fft.irfft(spectrum)
    return cp.ascontiguousarray(blurred[: height // 2, : width // 2])
