# Keeps the frequencies of both sides in one dictionary, by length.
# expect: failed values wrong_value

"""Base program: planar copy."""
import cupy as cp
import numpy as np
import nvmath
from numba import types


def sepia(d, o, info, r):
    n = info[0]
    c = o // n
    p = o - c * n
    red = d[p]
    green = d[p + n]
    blue = d[p + 2 * n]
    if c == 0:
        x = np.float32(0.393) * red + np.float32(0.769) * green + np.float32(0.189) * blue
    elif c == 1:
        x = np.float32(0.349) * red + np.float32(0.686) * green + np.float32(0.168) * blue
    else:
        x = np.float32(0.272) * red + np.float32(0.534) * green + np.float32(0.131) * blue
    return min(x, np.float32(1))


def blur(d, o, info, r):
    return d[o] * info[o]


SEPIA = nvmath.fft.compile_prolog(sepia, "float32", types.uint64)
BLUR = nvmath.fft.compile_prolog(blur, "complex64", "float32")


def response(H, W, sigma):
    freq = {H: cp.fft.fftfreq(H)}
    freq[W] = cp.fft.rfftfreq(W)
    fy = freq[H][:, None]
    fx = freq[W][None, :]
    g = cp.exp(-2 * cp.pi**2 * sigma**2 * (fy**2 + fx**2)) / (H * W)
    return cp.stack([g, g, g]).astype(cp.float32)


def planar(image):
    return cp.ascontiguousarray(image.transpose(2, 0, 1))


def sepia_blur(image, sigma):
    H, W, _ = image.shape
    resp = response(H, W, sigma)
    size = cp.array([H * W], dtype=cp.uint64)
    spec = nvmath.fft.rfft(planar(image), axes=(1, 2), prolog={"ltoir": SEPIA, "data": size.data.ptr})
    return nvmath.fft.irfft(spec, axes=(1, 2), prolog={"ltoir": BLUR, "data": resp.data.ptr}, options={"last_axis_parity": "odd" if W % 2 else "even"})
