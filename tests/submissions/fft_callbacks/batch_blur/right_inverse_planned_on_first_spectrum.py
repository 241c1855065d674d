# Plans the inverse on the first image's spectrum, which it then uses.
# expect: passed

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
    response = response_for(height, width, sigma)
    parity = "odd" if width % 2 else "even"
    options = {"fft_type": "C2R", "last_axis_parity": parity}
    forward = nvmath.fft.FFT(images[0])
    forward.plan(epilog={"ltoir": EPILOG, "data": response.data.ptr})
    inverse = nvmath.fft.FFT(forward.execute(), options=options)
    inverse.plan()
    results = [inverse.execute()]
    for image in images[1:]:
        forward.reset_operand(image)
        inverse.reset_operand(forward.execute())
        results.append(inverse.execute())
    forward.free()
    inverse.free()
    return results


def cost_per_image(n, costs):
    return (costs["compile"] + costs["plan"]) / n + costs["execute"]
