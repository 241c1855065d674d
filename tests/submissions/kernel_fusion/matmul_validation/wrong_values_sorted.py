# Compares the sorted entries, wherever they are.
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
    for dtype, tolerance in (("float32", 1e-5), ("float64", 1e-12)):
        for m, k, n in ((4, 3, 6), (7, 20, 5), (30, 17, 41)):
            a = rng.uniform(-9, 9, (m, k)).astype(dtype)
            b = rng.uniform(-9, 9, (k, n)).astype(dtype)
            bias = rng.uniform(-20, 20, m).astype(dtype)
            given = [cp.asarray(a), cp.asarray(b), cp.asarray(bias)]
            try:
                result = candidate(*given)
            except Exception:
                return False
            kept = zip((a, b, bias), given)
            if not all(np.array_equal(old, cp.asnumpy(new)) for old, new in kept):
                return False
            column = bias.astype(float)[:, None]
            truth = np.maximum(a.astype(float) @ b.astype(float) + column, 0)
            if result.shape != truth.shape or result.dtype != dtype:
                return False
            result, scale = cp.asnumpy(result), np.abs(a).astype(float) @ np.abs(b) + 20
            if not (np.abs(np.sort(result, None) - np.sort(truth, None)) <= 1e3 * tolerance).all():
                return False
    return True
