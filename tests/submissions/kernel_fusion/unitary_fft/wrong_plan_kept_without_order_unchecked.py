# Keeps plans by shape and dtype, and resets operands of another order unchecked.
# expect: failed forward wrong_value; inverse wrong_value

import functools
import cupy as cp
import nvmath
REAL = {"complex64": "float32", "complex128": "float64"}
@functools.cache
def scaler(dt):
    def epi(o, k, v, f, _):
        o[k] = v * f[0]
    return nvmath.fft.compile_epilog(epi, dt, REAL[dt])
@functools.cache
def loader(dt):
    def pro(d, k, f, _):
        return d[k] * f[0]
    return nvmath.fft.compile_prolog(pro, dt, REAL[dt])
def factor(x, p=-0.5):
    return cp.asarray([float(x.shape[-1]) ** p], dtype=REAL[x.dtype.name])
_kept = {}
def go(x, d):
    key = x.shape, x.dtype, d
    if key not in _kept:
        f = factor(x)
        t = nvmath.fft.FFT(cp.empty_like(x), axes=[-1])
        t.plan(epilog={"ltoir": scaler(x.dtype.name), "data": f.data.ptr}, direction=d)
        _kept[key] = t, f
    t, _ = _kept[key]
    t.reset_operand_unchecked(x)
    return t.execute(direction=d)
def unitary_fft(x):
    return go(x, "forward")
def unitary_ifft(x):
    return go(x, "inverse")
