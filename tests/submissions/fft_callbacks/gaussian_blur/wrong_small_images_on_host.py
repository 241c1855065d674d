# Blurs small images on the host, with NumPy.
# expect: failed memory_space extra_copies; fused not_fused

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
        fy = np.fft.fftfreq(height)[:, None]
        fx = np.fft.rfftfreq(width)[None, :]
        response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2))
        spectrum = np.fft.rfft2(cp.asnumpy(image)) * response
        return cp.asarray(np.fft.irfft2(spectrum, (height, width)).astype(np.float32))
    response = response_for(height, width, sigma)
    spectrum = nvmath.fft.rfft(
        image, epilog={"ltoir": EPILOG, "data": response.data.ptr}
    )
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})
