# Keeps plans by shape alone: another dtype or memory order does not fit.
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed

import cupy as cp
import nvmath


def product(out, offset, value, h, _):
    out[offset] = value * h[offset]


PLANS = {}


def fft_filter(signal, filter_data):
    if signal.shape not in PLANS:
        dtype = signal.dtype.name
        weights = cp.empty(signal.shape, signal.dtype)
        plan = nvmath.fft.FFT(signal, axes=[-1])
        code = nvmath.fft.compile_epilog(product, dtype, dtype)
        plan.plan(epilog={"ltoir": code, "data": weights.data.ptr})
        PLANS[signal.shape] = plan, weights
    plan, weights = PLANS[signal.shape]
    weights[...] = filter_data / signal.shape[1]
    plan.reset_operand(signal)
    spectrum = plan.execute(direction="forward")
    return nvmath.fft.ifft(spectrum, axes=[-1])
