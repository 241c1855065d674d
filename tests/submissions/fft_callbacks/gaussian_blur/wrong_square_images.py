# Keeps the frequencies of both sides in one dictionary, by length.
# expect: failed values wrong_value

"""Base program."""
import cupy as cp
import numpy as np
import nvmath


def epi(o, i, z, info, r):
    o[i] = z * info[i]


E = nvmath.fft.compile_epilog(epi, "complex64", "float32")


def response(H, W, sigma):
    freq = {H: cp.fft.fftfreq(H)}
    freq[W] = cp.fft.rfftfreq(W)
    fy = freq[H][:, None]
    fx = freq[W][None, :]
    return (cp.exp(-2 * cp.pi**2 * sigma**2 * (fy**2 + fx**2)) / (H * W)).astype(cp.float32)


def gaussian_blur(image, sigma):
    H, W = image.shape
    resp = response(H, W, sigma)
    spec = nvmath.fft.rfft(image, epilog={"ltoir": E, "data": resp.data.ptr})
    return nvmath.fft.irfft(spec, options={"last_axis_parity": "odd" if W % 2 else "even"})
