# Keeps the inverse plan by the shape of the spectrum, which two widths share.
# expect: failed values wrong_shape

import cupy as cp
import numpy as np
import nvmath


def multiply(out, offset, value, response, _):
    out[offset] = value * response[offset]


EPILOG = nvmath.fft.compile_epilog(multiply, "complex64", "float32")


KEPT = {}


def response_for(height, width, sigma):
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None, :]
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2))
    response /= height * width
    return cp.asarray(response.astype(np.float32))


def gaussian_blur(image, sigma):
    height, width = image.shape
    response = response_for(height, width, sigma)
    spectrum = nvmath.fft.rfft(
        image, epilog={"ltoir": EPILOG, "data": response.data.ptr}
    )
    if spectrum.shape not in KEPT:
        parity = "odd" if width % 2 else "even"
        options = {"fft_type": "C2R", "last_axis_parity": parity}
        KEPT[spectrum.shape] = nvmath.fft.FFT(spectrum.copy(), options=options)
        KEPT[spectrum.shape].plan(direction="inverse")
    inverse = KEPT[spectrum.shape]
    inverse.reset_operand(spectrum)
    return inverse.execute(direction="inverse")
