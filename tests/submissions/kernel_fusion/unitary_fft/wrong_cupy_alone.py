# Uses CuPy's transforms.
# expect: failed fused not_fused

import cupy as cp


def unitary_fft(x):
    return cp.fft.fft(x, norm="ortho")


def unitary_ifft(x):
    return cp.fft.ifft(x, norm="ortho")
