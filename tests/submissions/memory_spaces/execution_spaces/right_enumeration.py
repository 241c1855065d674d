# Predicts with the members of a StrEnum.
# expect: passed

import cupy as cp
import numpy as np
import nvmath


import enum
class Space(enum.StrEnum):
    CPU = "cpu"
    GPU = "cuda"
def where_does_it_run(call, space):
    home = Space(space)
    return (Space.GPU if "advanced" in call else home), home
def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space)


