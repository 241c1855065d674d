# Returns a list of ten thousand arrays.
# expect: failed values wrong_dtype
# says: The result is a list of 10,000 items. Expected was a CuPy array.
import numpy as np


def scale(image, factor):
    return [np.zeros(1) for _ in range(10_000)]
