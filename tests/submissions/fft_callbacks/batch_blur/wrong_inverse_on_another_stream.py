# Runs the inverse transforms on a stream that waits for no forward transform.
# expect: failed values wrong_value
# devices: simulator

import cupy as cp
import numpy as np
import nvmath


def _multiply(spectrum, offset, value, response, _reserved):
    spectrum[offset] = value * response[offset]


EPILOG = nvmath.fft.compile_epilog(_multiply, "complex64", "float32")


def gaussian_response(height, width, sigma):
    gy = np.exp(-2 * (np.pi * sigma * np.fft.fftfreq(height)) ** 2)
    gx = np.exp(-2 * (np.pi * sigma * np.fft.rfftfreq(width)) ** 2)
    gx /= height * width
    column = cp.asarray(gy[:, np.newaxis].astype(np.float32))
    row = cp.asarray(gx[np.newaxis, :].astype(np.float32))
    return column * row


def blur_batch(images, sigma):
    height, width = images[0].shape
    response = gaussian_response(height, width, sigma)
    cp.cuda.Device().synchronize()
    spectrum = cp.empty((height, width // 2 + 1), dtype=cp.complex64)
    parity = "odd" if width % 2 else "even"
    options = {"fft_type": "C2R", "last_axis_parity": parity}
    here = cp.cuda.Stream(non_blocking=True)
    there = cp.cuda.Stream(non_blocking=True)
    blurred = []
    with (
        nvmath.fft.FFT(images[0], stream=here) as forward,
        nvmath.fft.FFT(spectrum, options=options, stream=there) as inverse,
    ):
        forward.plan(
            epilog={"ltoir": EPILOG, "data": response.data.ptr}, stream=here
        )
        inverse.plan(stream=there)
        for image in images:
            forward.reset_operand(image, stream=here)
            halfway = forward.execute(stream=here)
            inverse.reset_operand(halfway, stream=there)
            blurred.append(inverse.execute(stream=there))
        there.synchronize()
    return blurred


def cost_per_image(n, costs):
    return (costs["compile"] + costs["plan"]) / n + costs["execute"]
