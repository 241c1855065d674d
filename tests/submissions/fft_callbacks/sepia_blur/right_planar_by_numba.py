# Rearranges the channels in a kernel of numba that only copies.
# expect: passed
# devices: simulator

import cupy as cp, numpy as np, nvmath
from numba import cuda
@cuda.jit
def planar(src, dst):
    y, x = cuda.grid(2)
    if y < src.shape[0] and x < src.shape[1]:
        for c in range(3): dst[c, y, x] = src[y, x, c]
def tone(d, i, m, _):
    n = int(m[9]); p = i % n; k = 3 * (i // n)
    return min(np.float32(1), np.float32(m[k] * d[p] + m[k + 1] * d[p + n] + m[k + 2] * d[p + 2 * n]))
def fade(d, i, r, _): return d[i] * r[i]
T = nvmath.fft.compile_prolog(tone, "float32", "float64"); F = nvmath.fft.compile_prolog(fade, "complex64", "float32")
def sepia_blur(image, sigma):
    h, w, _ = image.shape
    planes = cp.empty((3, h, w), cp.float32)
    planar[((h + 7) // 8, (w + 31) // 32), (8, 32)](image, planes)
    m = cp.asarray([.393, .769, .189, .349, .686, .168, .272, .534, .131, h * w])
    r = cp.exp(-2 * cp.pi**2 * sigma**2 * (cp.fft.fftfreq(h)[:, None]**2 + cp.fft.rfftfreq(w)**2)) / (h * w)
    r = cp.repeat(r.astype(cp.float32)[None], 3, axis=0)
    s = nvmath.fft.rfft(planes, axes=(1, 2), prolog={"ltoir": T, "data": m.data.ptr})
    return nvmath.fft.irfft(s, axes=(1, 2), prolog={"ltoir": F, "data": r.data.ptr}, options={"last_axis_parity": "odd" if w % 2 else "even"})
