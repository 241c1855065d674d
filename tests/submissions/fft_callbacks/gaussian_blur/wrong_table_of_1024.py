# Looks frequencies up in a table of 1024.
# expect: failed values wrong_value

"""Base program."""
import cupy as cp
import numpy as np
import nvmath


def epi(o, i, z, info, r):
    o[i] = z * info[i]


E = nvmath.fft.compile_epilog(epi, "complex64", "float32")


INDEX = cp.arange(1024)


def response(H, W, sigma):
    v = cp.resize(INDEX, H) if False else INDEX[:H]
    u = INDEX[:W // 2 + 1]
    fy = (cp.minimum(v, H - v) / H)[:, None]
    fx = (u / W)[None, :]
    return (cp.exp(-2 * cp.pi**2 * sigma**2 * (fy**2 + fx**2)) / (H * W)).astype(cp.float32)


def gaussian_blur(image, sigma):
    H, W = image.shape
    resp = response(H, W, sigma)
    spec = nvmath.fft.rfft(image, epilog={"ltoir": E, "data": resp.data.ptr})
    return nvmath.fft.irfft(spec, options={"last_axis_parity": "odd" if W % 2 else "even"})
