# CuPy's transforms and kernels do everything, and nvmath nothing.
# expect: failed fused not_fused

import cupy as cp
import numpy as np

MATRIX = np.array(
    [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]],
    dtype=np.float32,
)


def sepia_blur(image, sigma):
    height, width, _ = image.shape
    toned = cp.minimum(1.0, image @ cp.asarray(MATRIX.T))
    fy = cp.fft.fftfreq(height)[:, None].astype(cp.float32)
    fx = cp.fft.rfftfreq(width)[None, :].astype(cp.float32)
    h = cp.exp(-2.0 * cp.pi * cp.pi * sigma * sigma * (fx * fx + fy * fy))
    spectrum = cp.fft.rfft2(toned, axes=(0, 1)) * h[..., None]
    blurred = cp.fft.irfft2(spectrum, s=(height, width), axes=(0, 1))
    return blurred.astype(cp.float32)
