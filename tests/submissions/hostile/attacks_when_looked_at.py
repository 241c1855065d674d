# Returns an object whose attributes, shape and strides end the process.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed

import os


class Trap:
    @property
    def strides(self):
        os._exit(0)

    shape = dtype = nbytes = __class__ = strides


def gaussian_blur(image, sigma):
    return Trap()
