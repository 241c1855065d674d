# Stacks the images and transforms them in one batch.
# expect: failed phases wrong_phases

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


def blur_batch(images, sigma):
    height, width = images[0].shape
    count = len(images)
    response = cp.tile(response_for(height, width, sigma), (count, 1, 1))
    stack = cp.stack(images)
    parity = "odd" if width % 2 else "even"
    epilog = {"ltoir": EPILOG, "data": response.data.ptr}
    spectra = nvmath.fft.rfft(stack, axes=(1, 2), epilog=epilog)
    options = {"last_axis_parity": parity}
    return list(nvmath.fft.irfft(spectra, axes=(1, 2), options=options))


def cost_per_image(n, costs):
    return (costs["compile"] + costs["plan"]) / n + costs["execute"]
