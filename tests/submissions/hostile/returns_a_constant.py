# Returns the image's mean everywhere, which a strong blur comes close to.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values wrong_value; fused not_fused

import cupy as cp


def gaussian_blur(image, sigma):
    return cp.full(image.shape, float(image.mean()), cp.float32)
