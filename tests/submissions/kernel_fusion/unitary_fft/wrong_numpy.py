# Transforms with NumPy, on the host.
# expect: failed memory_space extra_copies; fused not_fused

import cupy as cp
import numpy as np


def unitary_fft(x):
    result = np.fft.fft(x.get().astype(np.complex128), norm="ortho")
    return cp.asarray(result.astype(x.dtype))


def unitary_ifft(x):
    result = np.fft.ifft(x.get().astype(np.complex128), norm="ortho")
    return cp.asarray(result.astype(x.dtype))
