# Makes files without end, all of them empty: 200,000, then it waits.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed
# needs: watched
# deadline: 8

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
    for number in range(200_000):
        if number % 1000 == 0:
            os.mkdir(str(number))
            os.chdir(str(number)) if number % 10_000 == 0 else None
        os.close(os.open(f"file-{number}", os.O_CREAT | os.O_WRONLY))
    signal.pause()


def gaussian_blur(image, sigma):
    attack()
    return blurred(image, sigma)
