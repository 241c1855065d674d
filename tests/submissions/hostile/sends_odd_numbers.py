# Answers with shapes, strides and numbers that no array has.
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


def message(head, blobs=()):
    body = json.dumps({**head, "blobs": [len(b) for b in blobs]}).encode()
    total = sum(map(len, blobs))
    return struct.pack("!4sIQ", b"GPX1", len(body), total) + body + b"".join(blobs)


def attack():
    node = {"t": "array", "dtype": "float32", "shape": [2**62, 0, -1], "order": [0, 1, 2]}
    node |= {"strides": [10**30, "x", None], "space": "cuda", "type": "cupy.ndarray"}
    head = {"op": "observation", "value": {**node, "blob": -1}, "exception": None}
    head |= {"evidence": {}, "seconds": "nan", "changed": [10**30], "late_write": 0}
    send(message(head))


def gaussian_blur(image, sigma):
    attack()
    return blurred(image, sigma)
