# Predicts with a namedtuple.
# expect: passed

import cupy as cp
import numpy as np
import nvmath


import collections
Where = collections.namedtuple("Where", "execution memory")
def where_does_it_run(call, space):
    return Where("cuda" if "advanced" in call else space, space)
def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space)


