# Returns an array of objects.
# expect: failed value wrong_dtype
# says: numpy.ndarray
import numpy as np


def total(values):
    return np.array([object()], dtype=object)
