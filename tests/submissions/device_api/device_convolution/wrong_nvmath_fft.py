# Uses nvmath's FFTs for the host, and a kernel of numba-cuda for the product.
# expect: failed device_api not_fused; one_kernel not_fused

import nvmath
from numba import cuda


@cuda.jit
def multiply(spectrum, filter_data, scale):
    row, k = cuda.grid(2)
    if row < spectrum.shape[0] and k < spectrum.shape[1]:
        spectrum[row, k] = spectrum[row, k] * filter_data[row, k] * scale


def convolve(signal, filter_data):
    batch, size = signal.shape
    spectrum = nvmath.fft.fft(signal, axes=[-1])
    multiply[(batch, (size + 127) // 128), (1, 128)](spectrum, filter_data, 1 / size)
    return nvmath.fft.ifft(spectrum, axes=[-1])
