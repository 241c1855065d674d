# Fills a row of the response with one block, of as many threads as it has columns.
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed

"""Base program."""
import cupy as cp
import numpy as np
import nvmath
import math
from numba import cuda


def epi(o, i, z, info, r):
    o[i] = z * info[i]


E = nvmath.fft.compile_epilog(epi, "complex64", "float32")


@cuda.jit
def fill(out, H, W, sigma):
    v = cuda.blockIdx.x
    u = cuda.threadIdx.x
    fy = min(v, H - v) / H
    fx = u / W
    out[v, u] = math.exp(-2 * math.pi**2 * sigma**2 * (fx * fx + fy * fy)) / (H * W)


def response(H, W, sigma):
    out = cp.empty((H, W // 2 + 1), cp.float32)
    fill[H, W // 2 + 1](out, H, W, sigma)
    return out


def unused(H, W, sigma):
    fy = cp.fft.fftfreq(H)[:, None]
    fx = cp.fft.rfftfreq(W)[None, :]
    return (cp.exp(-2 * cp.pi**2 * sigma**2 * (fy**2 + fx**2)) / (H * W)).astype(cp.float32)


def gaussian_blur(image, sigma):
    H, W = image.shape
    resp = response(H, W, sigma)
    spec = nvmath.fft.rfft(image, epilog={"ltoir": E, "data": resp.data.ptr})
    return nvmath.fft.irfft(spec, options={"last_axis_parity": "odd" if W % 2 else "even"})
