# Asks for more memory than there is.
# expect: failed values out_of_memory
# says: scale ran out of memory on line 8 of scale.py (return np.ones(2**58))
import numpy as np


def scale(image, factor):
    return np.ones(2**58)
