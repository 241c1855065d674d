# Computes the truth with CuPy, on the GPU, in float64, and compares norms; operands in both memory orders.
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


def truth(a, b, bias):
    biased = (
        a.astype(cp.float64) @ b.astype(cp.float64) + bias.astype(cp.float64)[:, None]
    )
    return cp.where(biased > 0, biased, 0.0)


def fails(candidate, a, b, bias, tolerance):
    expected = truth(a, b, bias)
    before = float(abs(a).sum()), float(abs(b).sum()), float(abs(bias).sum())
    kept = a.copy(), b.copy(), bias.copy()
    result = candidate(a, b, bias)
    if result.shape != expected.shape or result.dtype != a.dtype:
        return True
    if before != (float(abs(a).sum()), float(abs(b).sum()), float(abs(bias).sum())):
        return True
    for x, y in zip(kept, (a, b, bias)):
        if not bool(cp.array_equal(x, y)):
            return True
    error = cp.linalg.norm(result.astype(cp.float64) - expected)
    return bool(error > tolerance * cp.linalg.norm(expected))


def matches(candidate):
    rng = np.random.default_rng(5)
    for dtype, tolerance in (("float32", 2e-6), ("float64", 1e-14)):
        for order in ("C", "F"):
            a = cp.asarray(np.asarray(rng.standard_normal((5, 8)), dtype, order=order))
            b = cp.asarray(np.asarray(rng.standard_normal((8, 3)), dtype, order=order))
            bias = cp.asarray(rng.standard_normal(5).astype(dtype))
            try:
                if fails(candidate, a, b, bias, tolerance):
                    return False
            except Exception:
                return False
    return True
