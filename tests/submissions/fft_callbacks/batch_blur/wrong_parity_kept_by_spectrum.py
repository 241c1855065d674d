# Keeps the parity of the width by the shape of the spectrum.
# expect: failed values wrong_shape

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


PARITIES = {}


def blur_batch(images, sigma):
    height, width = images[0].shape
    response = response_for(height, width, sigma)
    callback = {"ltoir": EPILOG, "data": response.data.ptr}
    empty = cp.empty((height, width // 2 + 1), dtype=cp.complex64)
    parity = PARITIES.setdefault(empty.shape, "odd" if width % 2 else "even")
    options = {"fft_type": "C2R", "last_axis_parity": parity}
    forward = nvmath.fft.FFT(images[0])
    inverse = nvmath.fft.FFT(empty, options=options)
    forward.plan(epilog=callback)
    inverse.plan()
    blurred = []
    for image in images:
        forward.reset_operand(image)
        spectrum = forward.execute()
        inverse.reset_operand(spectrum)
        blurred.append(inverse.execute())
    forward.free()
    inverse.free()
    return blurred


def cost_per_image(n, costs):
    return (costs["compile"] + costs["plan"]) / n + costs["execute"]
