# One kernel of CuPy's makes the response, fused from several operations.
# expect: passed

import cupy as cp
import numpy as np
import nvmath


def multiply(out, offset, value, response, _):
    out[offset] = value * response[offset]


EPILOG = nvmath.fft.compile_epilog(multiply, "complex64", "float32")


@cp.fuse()
def gaussian(fy, fx, factor):
    return cp.exp(factor * (fx * fx + fy * fy))


def response_for(height, width, sigma):
    fy = cp.fft.fftfreq(height)[:, None]
    fx = cp.fft.rfftfreq(width)[None, :]
    response = gaussian(fy, fx, -2 * np.pi**2 * sigma**2) / (height * width)
    return response.astype(cp.float32)


def gaussian_blur(image, sigma):
    height, width = image.shape
    response = response_for(height, width, sigma)
    spectrum = nvmath.fft.rfft(
        image, epilog={"ltoir": EPILOG, "data": response.data.ptr}
    )
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})
