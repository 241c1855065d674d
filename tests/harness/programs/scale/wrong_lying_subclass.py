# Returns a NumPy array that says that it is something else.
# expect: failed values wrong_memory_space
# says: CPU memory
import numpy as np


class Liar(np.ndarray):
    dtype = np.dtype("float32")
    shape = (5, 7)

    def __eq__(self, other):
        return True

    def __array__(self, *args, **kwargs):
        return np.ones((5, 7), np.float32)

    def tobytes(self, *args):
        return b""


def scale(image, factor):
    return np.zeros((2, 2)).view(Liar)
