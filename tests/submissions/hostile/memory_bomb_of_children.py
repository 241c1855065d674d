# Lets eight children take the memory, 750 MB each.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values out_of_memory; memory_space out_of_memory; inputs_unchanged out_of_memory; fused out_of_memory
# needs: watched

import os
import signal

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


def attack():
    children = []
    for _ in range(8):
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            kept = np.ones(750 * 2**20 // 8)
            signal.pause()
            os._exit(int(kept[0]))
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


def gaussian_blur(image, sigma):
    attack()
    return blurred(image, sigma)
