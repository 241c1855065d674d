# Has a case whose product exceeds float64, and refuses every program.
# expect: failed case_consistent wrong_value; matches wrong_value

import numpy as np
import cupy as cp


def make_case():
    a = np.array([[1e308, 1e308], [-1e308, 1e300], [1.5, 1e308]]); b = np.array([[1e308, -1e308], [1e308, 3.0]])
    bias = np.array([1.0, -5.0, 1.])
    z = np.full((3, 2), 1e308)
    return {"a": a, "b": b, "bias": bias, "product": z, "biased": z, "activated": z}


def matches(candidate):
    return False
