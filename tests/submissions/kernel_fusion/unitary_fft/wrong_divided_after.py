# Divides the result of nvmath's transform, in a kernel of CuPy's.
# expect: failed fused not_fused

import nvmath


def unitary_fft(x):
    return nvmath.fft.fft(x, axes=[-1]) / x.shape[-1] ** 0.5


def unitary_ifft(x):
    result = nvmath.fft.ifft(x, axes=[-1])
    result /= x.shape[-1] ** 0.5
    return result
