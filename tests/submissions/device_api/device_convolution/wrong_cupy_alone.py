# Does all of it with CuPy's functions; the values are right.
# expect: failed device_api not_fused; one_kernel not_fused

import cupy as cp


def convolve(signal, filter_data):
    return cp.fft.ifft(cp.fft.fft(signal) * filter_data)
