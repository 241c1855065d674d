# Transforms complex copies of the images.
# expect: failed fused not_fused

import cupy as cp
import numpy as np
import nvmath


def multiply(out, offset, value, response, _):
    out[offset] = value * response[offset]


EPILOG = nvmath.fft.compile_epilog(multiply, "complex64", "float32")


def blur_batch(images, sigma):
    height, width = images[0].shape
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2)) / (height * width)
    response = cp.asarray(response, dtype=cp.float32)
    operand = images[0].astype(cp.complex64)
    with nvmath.fft.FFT(operand) as forward, nvmath.fft.FFT(operand) as inverse:
        forward.plan(epilog={"ltoir": EPILOG, "data": response.data.ptr})
        inverse.plan()
        blurred = []
        for image in images:
            forward.reset_operand(image.astype(cp.complex64))
            inverse.reset_operand(forward.execute(direction="forward"))
            blurred.append(inverse.execute(direction="inverse").real.copy())
    return blurred


def cost_per_image(n, costs):
    return (costs["compile"] + costs["plan"]) / n + costs["execute"]
