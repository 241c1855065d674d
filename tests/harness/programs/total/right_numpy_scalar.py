# Returns a NumPy scalar.
# expect: passed
import numpy as np


def total(values):
    return np.float64(sum(values))
