# Filters with NumPy, on the host.
# expect: failed memory_space extra_copies; fused not_fused

import cupy as cp
import numpy as np


def fft_filter(signal, filter_data):
    spectrum = np.fft.fft(signal.get().astype(np.complex128))
    filtered = np.fft.ifft(spectrum * filter_data.get())
    return cp.asarray(filtered.astype(signal.dtype))
