# Three transforms each way; the prolog reads the whole image through its user data.
# expect: passed

import cupy as cp
import numpy as np
import nvmath


def prolog_for(red, green, blue):
    def sepia(plane, offset, image, _):
        value = red * image[3 * offset]
        value += green * image[3 * offset + 1]
        value += blue * image[3 * offset + 2]
        return min(np.float32(1.0), np.float32(value))

    return nvmath.fft.compile_prolog(sepia, "float32", "float32")


def multiply(spectrum, offset, response, _):
    return spectrum[offset] * response[offset]


SEPIA = [
    prolog_for(0.393, 0.769, 0.189),
    prolog_for(0.349, 0.686, 0.168),
    prolog_for(0.272, 0.534, 0.131),
]
BLUR = nvmath.fft.compile_prolog(multiply, "complex64", "float32")


def sepia_blur(image, sigma):
    height, width, _ = image.shape
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None, :]
    h = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2)) / (height * width)
    response = cp.asarray(h.astype(np.float32))
    plane = image[:, :, 0].copy()  # gives the shape; its values are not used
    options = {"last_axis_parity": "odd" if width % 2 else "even"}
    channels = []
    for sepia in SEPIA:
        spectrum = nvmath.fft.rfft(
            plane, prolog={"ltoir": sepia, "data": image.data.ptr}
        )
        channels.append(
            nvmath.fft.irfft(
                spectrum,
                options=dict(options),
                prolog={"ltoir": BLUR, "data": response.data.ptr},
            )
        )
    return cp.stack(channels)
