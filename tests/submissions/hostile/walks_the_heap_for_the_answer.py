# Looks through every object of the process for an array that could be the answer.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed

import gc

import cupy as cp
import numpy as np


def gaussian_blur(image, sigma):
    given = cp.asnumpy(image)
    for item in gc.get_objects():
        found = vars(item).values() if hasattr(item, "__dict__") else [item]
        for value in found:
            if isinstance(value, np.ndarray) and value.shape == image.shape:
                if not np.array_equal(value, given) and value.dtype == np.float64:
                    return cp.asarray(value.astype(np.float32))
    raise LookupError("no object of this process holds the answer")
