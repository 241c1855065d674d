# Makes every comparison and norm of NumPy say that all is well.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values wrong_value; fused not_fused

import cupy as cp
import numpy as np

for name in ("array_equal", "allclose", "isclose", "all", "any", "max", "abs"):
    setattr(np, name, lambda *args, **kwargs: True)
np.linalg.norm = lambda *args, **kwargs: 0.0


def gaussian_blur(image, sigma):
    return cp.zeros_like(image)
