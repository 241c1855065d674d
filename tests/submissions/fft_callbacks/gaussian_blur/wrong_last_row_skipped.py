# Its epilog does not store the last row of the spectrum.
# expect: failed values wrong_value

import cupy as cp
import numpy as np
import nvmath


def multiply(out, offset, value, response, _):
    # The first number says how many elements of the spectrum there are to store.
    if offset < int(response[0]):
        out[offset] = value * response[1 + offset]


EPILOG = nvmath.fft.compile_epilog(multiply, "complex64", "float32")


def response_for(height, width, sigma):
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None, :]
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2))
    stored = response[:-1].size
    response = np.append([stored], response / (height * width))
    return cp.asarray(response.astype(np.float32))


def gaussian_blur(image, sigma):
    height, width = image.shape
    response = response_for(height, width, sigma)
    spectrum = nvmath.fft.rfft(
        image, epilog={"ltoir": EPILOG, "data": response.data.ptr}
    )
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})
