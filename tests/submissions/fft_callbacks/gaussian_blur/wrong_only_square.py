# Its callback takes rows of H // 2 + 1 elements: right for squares only.
# expect: failed values wrong_value

import cupy as cp
import numpy as np
import nvmath


def multiply(out, offset, value, response, _):
    height = int(response[0])
    row = offset // (height // 2 + 1)
    column = offset % (height // 2 + 1)
    index = (row % height) * int(response[1]) + column % int(response[1])
    out[offset] = value * response[2 + index]


EPILOG = nvmath.fft.compile_epilog(multiply, "complex64", "float32")


def response_for(height, width, sigma):
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None, :]
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2))
    response = (response / (height * width)).ravel()
    header = [height, width // 2 + 1]
    return cp.asarray(np.concatenate([header, response]).astype(np.float32))


def gaussian_blur(image, sigma):
    height, width = image.shape
    response = response_for(height, width, sigma)
    spectrum = nvmath.fft.rfft(
        image, epilog={"ltoir": EPILOG, "data": response.data.ptr}
    )
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})
