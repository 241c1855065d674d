# Puts numbers in place of NaNs, of which there are none, in the result's own memory.
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
    return cp.asarray((response / (height * width)).astype(np.float32))


def gaussian_blur(image, sigma):
    height, width = image.shape
    response = response_for(height, width, sigma)
    spectrum = nvmath.fft.rfft(
        image, epilog={"ltoir": EPILOG, "data": response.data.ptr}
    )
    parity = "odd" if width % 2 else "even"
    result = nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})
    cp.nan_to_num(result, copy=False)
    return result
