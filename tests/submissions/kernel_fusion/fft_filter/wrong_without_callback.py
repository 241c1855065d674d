# Uses nvmath's transforms without a callback, and CuPy for the product.
# expect: failed fused not_fused

import nvmath


def fft_filter(signal, filter_data):
    spectrum = nvmath.fft.fft(signal, axes=[-1])
    spectrum *= filter_data
    spectrum /= signal.shape[1]
    return nvmath.fft.ifft(spectrum, axes=[-1])
