# CuPy's transforms and kernels do everything, and nvmath nothing.
# expect: failed fused not_fused

import cupy as cp


def gaussian_blur(image, sigma):
    fy = cp.fft.fftfreq(image.shape[0])[:, None].astype(cp.float32)
    fx = cp.fft.rfftfreq(image.shape[1])[None, :].astype(cp.float32)
    h = cp.exp(-2.0 * cp.pi * cp.pi * sigma * sigma * (fx * fx + fy * fy))
    blurred = cp.fft.irfft2(cp.fft.rfft2(image) * h, s=image.shape)
    return blurred.astype(cp.float32)
