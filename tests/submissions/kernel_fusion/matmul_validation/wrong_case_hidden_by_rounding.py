# Has a case in half precision whose terms cancel, so that any result would be near.
# expect: failed case_consistent wrong_value; matches wrong_value

import numpy as np
import cupy as cp


def make_case():
    k = 21
    a = np.array([[1000.1, -1000.1, 0.1] * 7, [999.3, -1000.7, 0.3] * 7, [1000.7, -999.3, .1] * 7], dtype=np.float16)
    b = np.array([[1.0] * 2] * k, dtype=np.float16) * np.float16(1.1)
    bias = np.array([0.1, 0.2, 0.3], dtype=np.float16)
    z = np.full((3, 2), 123, dtype=np.float16)
    return {"a": a, "b": b, "bias": bias, "product": z, "biased": -z, "activated": z * 2}


def matches(candidate):
    return False
