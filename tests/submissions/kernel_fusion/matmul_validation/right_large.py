# Tries one large case in float32 only, and returns a NumPy bool.
# expect: passed
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
    rng = np.random.default_rng(2)
    a = rng.standard_normal((120, 300), dtype=np.float32)
    b = rng.standard_normal((300, 75), dtype=np.float32)
    bias = 10 * rng.standard_normal(120, dtype=np.float32)
    gpu = tuple(map(cp.asarray, (a, b, bias)))
    try:
        result = cp.asnumpy(candidate(*gpu))
    except Exception:
        return np.False_
    expected = np.maximum(a.astype(np.float64) @ b + bias[:, None], 0)
    same = np.all([np.array_equal(cp.asnumpy(x), y) for x, y in zip(gpu, (a, b, bias))])
    # Rounding: about sqrt(300) additions of numbers near 1. Half precision is off by 1e-2.
    return (
        same
        and result.shape == expected.shape
        and np.max(abs(result - expected)) < 1e-3
    )
