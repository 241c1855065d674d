# Refuses every program.
# expect: failed matches wrong_value
import cupy as cp
import numpy as np


def make_case():
    return {
        "a": np.array([[1.0, 2.0], [-1.0, 3.0]]),
        "b": np.array([[2.0, 0.0, -1.0], [1.0, -2.0, 4.0]]),
        "bias": np.array([1.0, -5.0]),
        "product": np.array([[4.0, -4.0, 7.0], [1.0, -6.0, 13.0]]),
        "biased": np.array([[5.0, -3.0, 8.0], [-4.0, -11.0, 8.0]]),
        "activated": np.array([[5.0, 0.0, 8.0], [0.0, 0.0, 8.0]]),
    }


def matches(candidate):
    return False
