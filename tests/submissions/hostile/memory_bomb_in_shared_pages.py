# Takes shared memory, 6 GB of it, and forks, so that nobody seems to have it all.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed
# needs: watched

import mmap
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
    pages = bytes(64 * 2**20)
    for _ in range(3):
        if os.fork() == 0:
            signal.alarm(60)
            shared = mmap.mmap(-1, 2 * 2**30)
            for start in range(0, len(shared), len(pages)):
                shared[start : start + len(pages)] = pages
            signal.pause()
    while True:
        os.wait()


def gaussian_blur(image, sigma):
    attack()
    return blurred(image, sigma)
