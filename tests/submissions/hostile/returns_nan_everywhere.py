# Returns NaN everywhere, for comparisons that no NaN fails.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values wrong_value; fused not_fused

import cupy as cp


def gaussian_blur(image, sigma):
    return cp.full(image.shape, cp.nan, cp.float32)
