# Takes all of the GPU's memory from the driver, past CuPy's pool.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values out_of_memory; memory_space out_of_memory; inputs_unchanged out_of_memory; fused out_of_memory
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


KEPT = []


def gaussian_blur(image, sigma):
    size = 2**30
    while size >= 2**20:
        try:
            KEPT.append(cp.cuda.runtime.malloc(size))
        except cp.cuda.runtime.CUDARuntimeError:
            size //= 2
    cp.get_default_memory_pool().free_all_blocks()
    return blurred(image, sigma)
