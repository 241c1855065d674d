# Fills the disk through a file that has no name any more, 3 GB of it.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed
# needs: watched by root
# deadline: 20

import os

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
    block = os.urandom(2**20)
    files = []
    for number in range(6):
        files.append(open(f"file-{number}", "wb"))
        os.unlink(f"file-{number}")
        for _ in range(512):
            files[-1].write(block)
    while True:
        os.sched_yield()


def gaussian_blur(image, sigma):
    attack()
    return blurred(image, sigma)
