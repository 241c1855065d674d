# The case is drawn at random and far too large for a pencil.
# expect: failed case_covers wrong_value
import cupy as cp
import numpy as np


def make_case():
    rng = np.random.default_rng(1)
    a, b = rng.integers(-3, 4, (20, 10)), rng.integers(-3, 4, (10, 15))
    bias = rng.integers(-9, 9, 20)
    biased = a @ b + bias[:, None]
    activated = np.maximum(biased, 0)
    return dict(a=a, b=b, bias=bias, product=a @ b, biased=biased, activated=activated)


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
            if not all((old == cp.asnumpy(new)).all() for old, new in kept):
                return False
            truth = np.maximum(a.astype(float) @ b.astype(float) + bias[:, None], 0)
            if result.shape != truth.shape:
                return False
            if not np.allclose(result, truth, rtol=tolerance, atol=10 * tolerance):
                return False
    return True
