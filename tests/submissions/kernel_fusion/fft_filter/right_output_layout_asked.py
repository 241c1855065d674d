# Asks the plan how its result will lie in memory, and lays the filter out so.
# expect: passed

import cupy as cp
import nvmath


def fft_filter(signal, filter_data):
    batch, n = signal.shape
    dtype = signal.dtype.name

    def multiply(out, offset, value, h, _):
        out[offset] = value * h[offset] * (1 / n)

    code = nvmath.fft.compile_epilog(multiply, dtype, dtype)
    with nvmath.fft.FFT(signal, axes=[-1]) as forward:
        _, strides = forward.get_output_layout()
        order = "C" if strides[0] >= strides[1] else "F"
        laid_out = cp.empty((batch, n), dtype=dtype, order=order)
        laid_out[...] = filter_data
        forward.plan(epilog={"ltoir": code, "data": laid_out.data.ptr})
        spectrum = forward.execute(direction=nvmath.fft.FFTDirection.FORWARD)
    with nvmath.fft.FFT(spectrum, axes=[-1]) as inverse:
        inverse.plan()
        return inverse.execute(direction=nvmath.fft.FFTDirection.INVERSE)
