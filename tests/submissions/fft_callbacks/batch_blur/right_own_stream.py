# All transforms on a stream of its own, which is waited for once.
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
    cp.cuda.get_current_stream().synchronize()
    stream = cp.cuda.Stream(non_blocking=True)
    height, width = images[0].shape
    options = {"fft_type": "C2R", "last_axis_parity": "odd" if width % 2 else "even"}
    with stream:
        response = response_for(height, width, sigma)
        spectrum = cp.empty(response.shape, dtype=cp.complex64)
        forward = nvmath.fft.FFT(images[0], stream=stream)
        inverse = nvmath.fft.FFT(spectrum, options=options, stream=stream)
        callback = {"ltoir": EPILOG, "data": response.data.ptr}
        forward.plan(epilog=callback, stream=stream)
        inverse.plan(stream=stream)
        results = []
        for image in images:
            forward.reset_operand(image, stream=stream)
            spectrum = forward.execute(stream=stream)
            inverse.reset_operand(spectrum, stream=stream)
            results.append(inverse.execute(stream=stream))
    stream.synchronize()
    return results


def cost_per_image(n, costs):
    return (costs["compile"] + costs["plan"]) / n + costs["execute"]
