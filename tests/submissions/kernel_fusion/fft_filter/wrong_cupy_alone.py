# Filters with CuPy's transforms and operators.
# expect: failed fused not_fused

import cupy as cp


def fft_filter(signal, filter_data):
    return cp.fft.ifft(cp.fft.fft(signal) * filter_data)
