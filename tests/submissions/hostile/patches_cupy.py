# Patches CuPy so that every array's copy on the host is a picture of its own.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values wrong_value; fused not_fused

import cupy as cp
import numpy as np


def picture(*args, **kwargs):
    return np.zeros((64, 64), np.float32)


cp.asnumpy = picture
for name in ("get", "astype", "copy", "tobytes", "__eq__"):
    try:
        setattr(cp.ndarray, name, picture)
    except TypeError:
        continue


def gaussian_blur(image, sigma):
    return cp.zeros_like(image)
