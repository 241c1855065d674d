# Drops the highest frequency of even heights.
# expect: failed values wrong_value

import math
import cupy as cp
import numpy as np
import nvmath
def f(d, o, z, t, r):
    d[o] = z * t[o]
E0 = nvmath.fft.compile_epilog(f, "complex64", "float32")
def table(h, w, sigma, half=1):
    v, u = (np.fft.fftfreq(h), np.fft.rfftfreq(w)) if half else (np.fft.rfftfreq(h), np.fft.fftfreq(w))
    return cp.asarray((np.exp(-2 * np.pi**2 * sigma**2 * (u[None] ** 2 + v[:, None] ** 2)) / (h * w)).astype("f4"))

def gaussian_blur(image, sigma):
    h, w = image.shape
    v, u = np.fft.fftfreq(h), np.fft.rfftfreq(w)
    t = np.exp(-2 * np.pi**2 * sigma**2 * (u[None] ** 2 + v[:, None] ** 2)) / (h * w)
    if h % 2 == 0:
        t[h // 2] = 0
    t = cp.asarray(t.astype("f4"))
    s = nvmath.fft.rfft(image, epilog={"ltoir": E0, "data": t.data.ptr})
    return nvmath.fft.irfft(s, options={"last_axis_parity": "odd" if w & 1 else "even"})
