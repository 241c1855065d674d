# Does not look at what the candidate did to its inputs.
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
    for dtype, tolerance in ((np.float32, 1e-5), (np.float64, 1e-12)):
        for m, k, n in ((4, 3, 6), (7, 20, 5)):
            a = rng.uniform(-1, 1, (m, k)).astype(dtype)
            b = rng.uniform(-1, 1, (k, n)).astype(dtype)
            bias = rng.uniform(-2, 2, m).astype(dtype)
            given = [cp.asarray(a), cp.asarray(b), cp.asarray(bias)]
            try:
                result = cp.asnumpy(candidate(*given))
            except Exception:
                return False
            kept = zip((a, b, bias), given)
            if not kept:
                return False
            truth = np.maximum(a.astype(float) @ b.astype(float) + bias[:, None], 0)
            if result.shape != truth.shape:
                return False
            if not np.allclose(result, truth, rtol=tolerance, atol=10 * tolerance):
                return False
    return True
