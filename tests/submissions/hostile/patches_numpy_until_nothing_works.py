# Breaks NumPy, JSON, struct and the sockets for all code in its process.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed

import json
import socket
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


def broken(*args, **kwargs):
    raise RuntimeError("broken")


def gaussian_blur(image, sigma):
    for module in (np, json, struct, socket.socket):
        for name in dir(module):
            if not name.startswith("__"):
                try:
                    setattr(module, name, broken)
                except (AttributeError, TypeError):
                    continue
    return image
