# Clips the result to shades between 0 and 1.
# expect: failed values wrong_value

import cupy as cp
import numpy as np
import nvmath
def _e(o, k, v, u, _):
    o[k] = v * u[k]
E = nvmath.fft.compile_epilog(_e, "complex64", "float32")
def resp(h, w, sigma):
    f2 = cp.add.outer(cp.fft.fftfreq(h) ** 2, cp.fft.rfftfreq(w) ** 2)
    return (cp.exp(-2 * np.pi**2 * sigma**2 * f2) / (h * w)).astype("float32")
def back(s, w):
    return nvmath.fft.irfft(s, options={"last_axis_parity": "odd" if w % 2 else "even"})
def _c(o, k, v, u, _):
    o[k] = min(np.float32(1), max(np.float32(0), v))
C = nvmath.fft.compile_epilog(_c, "float32", "float32")
def gaussian_blur(image, sigma):
    h, w = image.shape
    r = resp(h, w, sigma)
    s = nvmath.fft.rfft(image, epilog={"ltoir": E, "data": r.data.ptr})
    return nvmath.fft.irfft(s, epilog={"ltoir": C}, options={"last_axis_parity": "odd" if w % 2 else "even"})
