# Computes the truth after the call, from the arrays that the candidate has had.
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
    rng = np.random.default_rng(11)
    a, b, bias = (cp.asarray(rng.uniform(-1, 1, s)) for s in ((7, 9), (9, 4), (7,)))
    try:
        result = candidate(a, b, bias)
    except Exception:
        return False
    truth = cp.maximum(a @ b + bias[:, None], 0)
    return result.shape == truth.shape and bool(cp.allclose(result, truth))
