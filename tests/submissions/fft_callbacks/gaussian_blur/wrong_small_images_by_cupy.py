# Lets CuPy blur small images.
# expect: failed fused not_fused

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
    if image.size < 1500:
        fy = cp.fft.fftfreq(height)[:, None]
        fx = cp.fft.rfftfreq(width)[None, :]
        response = cp.exp(-2 * cp.pi**2 * sigma**2 * (fx**2 + fy**2))
        spectrum = cp.fft.rfft2(image) * response
        return cp.fft.irfft2(spectrum, (height, width)).astype(cp.float32)
    response = response_for(height, width, sigma)
    spectrum = nvmath.fft.rfft(
        image, epilog={"ltoir": EPILOG, "data": response.data.ptr}
    )
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})
