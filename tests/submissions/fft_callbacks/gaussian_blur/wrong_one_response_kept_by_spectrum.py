# Keeps the last response, by the spectrum's shape and sigma.
# expect: failed values wrong_value

"""Base program."""
import cupy as cp
import numpy as np
import nvmath


def epi(o, i, z, info, r):
    o[i] = z * info[i]


E = nvmath.fft.compile_epilog(epi, "complex64", "float32")


def response(H, W, sigma):
    fy = cp.fft.fftfreq(H)[:, None]
    fx = cp.fft.rfftfreq(W)[None, :]
    return (cp.exp(-2 * cp.pi**2 * sigma**2 * (fy**2 + fx**2)) / (H * W)).astype(cp.float32)


_key = _kept = None


def gaussian_blur(image, sigma):
    H, W = image.shape
    global _key, _kept
    key = H, W // 2 + 1, sigma
    if key != _key:
        _key, _kept = key, response(H, W, sigma)
    resp = _kept
    spec = nvmath.fft.rfft(image, epilog={"ltoir": E, "data": resp.data.ptr})
    return nvmath.fft.irfft(spec, options={"last_axis_parity": "odd" if W % 2 else "even"})
