# Lets SciPy's filter blur the image, on the host.
# expect: failed values wrong_value; memory_space extra_copies; fused not_fused

import cupy as cp
from scipy.ndimage import gaussian_filter


def gaussian_blur(image, sigma):
    return cp.asarray(gaussian_filter(cp.asnumpy(image), sigma, mode="wrap"))
