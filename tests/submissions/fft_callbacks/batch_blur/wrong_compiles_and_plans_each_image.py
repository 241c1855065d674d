# Compiles and plans for each image.
# expect: failed phases wrong_phases

import cupy as cp
import numpy as np
import nvmath


def multiply(out, offset, value, response, _):
    out[offset] = value * response[offset]


def response_for(height, width, sigma):
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None, :]
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2))
    return cp.asarray((response / (height * width)).astype(np.float32))


def blur(image, sigma):
    height, width = image.shape
    response = response_for(height, width, sigma)
    epilog = nvmath.fft.compile_epilog(multiply, "complex64", "float32")
    parity = "odd" if width % 2 else "even"
    spectrum = nvmath.fft.rfft(
        image, epilog={"ltoir": epilog, "data": response.data.ptr}
    )
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})


def blur_batch(images, sigma):
    return [blur(image, sigma) for image in images]


def cost_per_image(n, costs):
    return (costs["compile"] + costs["plan"]) / n + costs["execute"]
