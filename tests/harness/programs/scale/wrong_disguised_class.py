# Returns an object that says that its class is the CuPy array's.
# expect: failed values wrong_dtype
import cupy


class Disguise:
    strides = (28, 4)

    @property
    def __class__(self):
        return cupy.ndarray


def scale(image, factor):
    return Disguise()
