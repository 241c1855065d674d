# Scales with a helper and prints what it does, with its own path in it.
# expect: passed
import numpy as np


def scale(image, factor):
    print("scaling", __file__, np.__version__)
    return helped(image, factor)


def helped(image, factor):
    return factor * image
