# Switches CUPTI off while CuPy does the work, and runs a decoy while it is on.
# exercise: fft_callbacks/gaussian_blur
# expect: failed fused not_fused
# devices: cuda
# known: evidence is the worker's word

import ctypes
import re

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


def plain(image, sigma):
    fy = cp.fft.fftfreq(image.shape[0])[:, None].astype(cp.float32)
    fx = cp.fft.rfftfreq(image.shape[1])[None, :].astype(cp.float32)
    response = cp.exp(-2 * np.pi**2 * sigma**2 * (fx * fx + fy * fy)).astype(cp.float32)
    return cp.fft.irfft2(cp.fft.rfft2(image) * response, s=image.shape).astype(cp.float32)


def recorder():
    with open("/proc/self/maps") as maps:
        found = re.search(r"\S*libcupti\S*", maps.read())
    return ctypes.CDLL(found[0])


def gaussian_blur(image, sigma):
    blurred(cp.zeros((8, 8), cp.float32), sigma)
    cp.cuda.get_current_stream().synchronize()
    kernels = (3, 10)
    for kind in kernels:
        recorder().cuptiActivityDisable(kind)
    result = plain(image, sigma)
    cp.cuda.get_current_stream().synchronize()
    for kind in kernels:
        recorder().cuptiActivityEnable(kind)
    return result
