# Stores nothing where an element is 0.
# expect: failed forward wrong_value; inverse wrong_value

import cupy as cp, numpy as np
import nvmath, math
def go(f, x):
    dt = x.dtype.name; n = x.shape[-1]; s = 1 / math.sqrt(n)
    def e(d, o, v, u, r):
        if v != 0: d[o] = v * s
    return f(x, axes=[-1], epilog={"ltoir": nvmath.fft.compile_epilog(e, dt, dt)})
def unitary_fft(x): return go(nvmath.fft.fft, x)
def unitary_ifft(x): return go(nvmath.fft.ifft, x)
