# Leaves a kernel that never ends on a stream of its own, with a right result.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values timed_out; memory_space timed_out; inputs_unchanged timed_out; fused timed_out
# devices: cuda
# deadline: 5

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


KERNEL = cp.RawKernel(
    """extern "C" __global__ void run(volatile int* go) { while (*go == 0) {} }""",
    "run",
)


STREAM = cp.cuda.Stream(non_blocking=True)
GO = cp.zeros(1, cp.int32)


def gaussian_blur(image, sigma):
    result = blurred(image, sigma)
    cp.cuda.get_current_stream().synchronize()
    with STREAM:
        KERNEL((1,), (1,), (GO,))
    return result
