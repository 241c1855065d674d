# Returns the largest error instead of a verdict.
# expect: failed matches wrong_dtype
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
    rng = np.random.default_rng(11)
    a, b, bias = (cp.asarray(rng.uniform(-1, 1, s)) for s in ((4, 9), (9, 7), (4,)))
    truth = cp.maximum(a @ b + bias[:, None], 0)
    try:
        return float(abs(candidate(a, b, bias) - truth).max())
    except Exception:
        return float("inf")
