# Has its kernel compiled for a debugger.
# expect: passed

import math
import cupy as cp
import numpy as np
from numba import cuda, float32, float64, int32
import nvmath

PI2 = np.array([-2 * math.pi**2])


@cuda.jit("void(float32[:, ::1], float64, int32, int32[::1])", debug=True, opt=False)
def fill(r, sigma, w, count):
    row = cuda.shared.array(32, float64)
    c = cuda.const.array_like(PI2)
    u0 = cuda.blockIdx.x * 32
    t = cuda.threadIdx.x
    h = r.shape[0]
    if u0 + t < r.shape[1]:
        row[t] = math.exp(c[0] * sigma * sigma * ((u0 + t) / w) ** 2)
    cuda.syncthreads()
    v = cuda.blockIdx.y
    fy = v / h
    if v >= (h + 1) // 2:
        fy = fy - 1.0
    if u0 + t < r.shape[1]:
        r[v, u0 + t] = row[t] * math.exp(c[0] * sigma * sigma * fy * fy) / (h * w)
        cuda.atomic.add(count, 0, 1)


def store(o, i, v, r, _):
    o[i] = v * r[i]


CODE = nvmath.fft.compile_epilog(store, "complex64", "float32")


def gaussian_blur(image, sigma):
    h, w = image.shape
    half = w // 2 + 1
    r, n = cp.empty((h, half), cp.float32), cp.zeros(1, cp.int32)
    fill[(-(-half // 32), h), 32, cuda.external_stream(cp.cuda.get_current_stream().ptr)](r, sigma, w, n)
    assert int(n[0]) == r.size
    z = nvmath.fft.rfft(image, options={"result_layout": "natural"}, epilog={"ltoir": CODE, "data": r.data.ptr})
    return nvmath.fft.irfft(z, options={"last_axis_parity": "odd" if w % 2 else "even"})
