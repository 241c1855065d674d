# Starts threads, 3,000 of them, each of which waits.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed
# needs: watched

import threading

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
    never = threading.Event()
    for _ in range(3000):
        threading.Thread(target=never.wait, daemon=True).start()


def gaussian_blur(image, sigma):
    attack()
    return blurred(image, sigma)
