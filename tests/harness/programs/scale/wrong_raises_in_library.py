# Is refused by a library.
# expect: failed values crashed
# says: scale raised ValueError on line 9 of scale.py (return np.zeros(3).reshape(2, 2))
# says: cannot reshape
import numpy as np


def scale(image, factor):
    return np.zeros(3).reshape(2, 2)
