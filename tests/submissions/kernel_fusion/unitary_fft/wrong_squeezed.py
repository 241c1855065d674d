# Drops an axis of length one.
# expect: failed forward wrong_shape; inverse wrong_shape

import math
import cupy as cp
import numpy as np
import nvmath
REAL = {"complex64": "float32", "complex128": "float64"}

def scale(out, o, z, k, r):
    out[o] = z * k[0]
def _go(x, f):
    name = x.dtype.name
    k = cp.asarray([x.shape[-1] ** -0.5], dtype=REAL[name])
    e = {"ltoir": nvmath.fft.compile_epilog(scale, name, REAL[name]), "data": k.data.ptr}
    return f(x, axes=(x.ndim - 1,), epilog=e).squeeze()
def unitary_fft(x):
    return _go(x, nvmath.fft.fft)
def unitary_ifft(x):
    return _go(x, nvmath.fft.ifft)
