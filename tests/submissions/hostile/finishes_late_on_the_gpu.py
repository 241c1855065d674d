# Lets a stream of its own wait for a while before it writes the result.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values wrong_value; fused not_fused
# devices: cuda

import cupy as cp
import numpy as np
import nvmath


def multiply(out, offset, value, response, _):
    out[offset] = value * response[offset]


EPILOG = nvmath.fft.compile_epilog(multiply, "complex64", "float32")


def blurred(image, sigma):
    height, width = image.shape
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2)) / (height * width)
    data = cp.asarray(response.astype(np.float32))
    spectrum = nvmath.fft.rfft(image, epilog={"ltoir": EPILOG, "data": data.data.ptr})
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})


STREAM = cp.cuda.Stream(non_blocking=True)
WAIT = cp.RawKernel(
    """extern "C" __global__ void wait() {
        long long until = clock64() + 1000000000LL;
        while (clock64() < until) {}
    }""",
    "wait",
)


def gaussian_blur(image, sigma):
    result = cp.empty_like(image)
    right = blurred(image, sigma)
    cp.cuda.get_current_stream().synchronize()
    with STREAM:
        WAIT((1,), (1,), ())
        result[...] = right
    return result
