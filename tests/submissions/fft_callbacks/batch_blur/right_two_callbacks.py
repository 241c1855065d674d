# The response in one callback, the division in another, both compiled in the call.
# expect: passed

import cupy as cp
import numpy as np
import nvmath


def respond(out, offset, value, response, _):
    out[offset] = value * response[offset]


def divide(out, offset, value, count, _):
    out[offset] = value / count[0]


def blur_batch(images, sigma):
    height, width = images[0].shape
    epilog = nvmath.fft.compile_epilog(respond, "complex64", "float64")
    last = nvmath.fft.compile_epilog(divide, "float32", "float32")
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    response = cp.asarray(np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2)))
    count = cp.full(1, height * width, dtype=cp.float32)
    spectrum = cp.empty(response.shape, dtype=cp.complex64)
    parity = "odd" if width % 2 else "even"
    forward = nvmath.fft.FFT(images[0])
    inverse = nvmath.fft.FFT(
        spectrum, options={"fft_type": "C2R", "last_axis_parity": parity}
    )
    forward.plan(epilog={"ltoir": epilog, "data": response.data.ptr})
    inverse.plan(epilog={"ltoir": last, "data": count.data.ptr})

    def blur(image):
        forward.reset_operand(image)
        inverse.reset_operand(forward.execute())
        return inverse.execute()

    return list(map(blur, images))


def cost_per_image(n, costs):
    return (costs["compile"] + costs["plan"]) / n + costs["execute"]
