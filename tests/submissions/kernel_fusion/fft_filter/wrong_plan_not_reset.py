# Executes a kept plan without reset_operand: it transforms the first signal again.
# expect: failed values wrong_value

import cupy as cp
import nvmath


def product(out, offset, value, h, _):
    out[offset] = value * h[offset]


PLANS = {}


def planned(signal):
    dtype = signal.dtype.name
    weights = cp.empty(signal.shape, signal.dtype)
    plan = nvmath.fft.FFT(signal, axes=[-1])
    code = nvmath.fft.compile_epilog(product, dtype, dtype)
    plan.plan(epilog={"ltoir": code, "data": weights.data.ptr})
    return plan, weights


def fft_filter(signal, filter_data):
    key = (signal.shape, signal.strides, signal.dtype.name)
    if key not in PLANS:
        PLANS[key] = planned(signal)
    plan, weights = PLANS[key]
    weights[...] = filter_data / signal.shape[1]
    spectrum = plan.execute(direction="forward")
    return nvmath.fft.ifft(spectrum, axes=[-1])
