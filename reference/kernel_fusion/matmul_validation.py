"""Reference for matmul_validation: a case worked out by hand, and a test to trust."""

from collections.abc import Callable

import cupy as cp
import numpy as np

# A right float32 program is off by about 1e-7 of the sum of the magnitudes that were
# added, half precision by about 3e-4 of it.
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
SHAPES = [(3, 2, 4), (5, 7, 3), (4, 4, 4), (16, 40, 9), (9, 33, 16)]


def make_case() -> dict[str, np.ndarray]:
    """Return a small case of C = ReLU(A B + b) with the result of each step."""
    return {
        "a": np.array([[1.0, 2.0], [-1.0, 3.0]]),
        "b": np.array([[2.0, 0.0, -1.0], [1.0, -2.0, 4.0]]),
        "bias": np.array([1.0, -5.0]),
        # 1*2 + 2*1 = 4, 1*0 + 2*(-2) = -4, 1*(-1) + 2*4 = 7, and so for the row -1, 3
        "product": np.array([[4.0, -4.0, 7.0], [1.0, -6.0, 13.0]]),
        # the first row plus 1, the second less 5
        "biased": np.array([[5.0, -3.0, 8.0], [-4.0, -11.0, 8.0]]),
        "activated": np.array([[5.0, 0.0, 8.0], [0.0, 0.0, 8.0]]),
    }


def matches(
    candidate: Callable[[cp.ndarray, cp.ndarray, cp.ndarray], cp.ndarray],
) -> bool:
    """Say whether a program computes ReLU(A B + b), by trying it on several cases."""
    rng = np.random.default_rng(7)
    for dtype, tolerance in TOLERANCE.items():
        for m, k, n in SHAPES:
            # Centred on zero: both signs everywhere, and half of the result is clipped.
            a = rng.standard_normal((m, k)).astype(dtype)
            b = rng.standard_normal((k, n)).astype(dtype)
            bias = 3 * rng.standard_normal(m).astype(dtype)
            if not right_on(candidate, a, b, bias, tolerance):
                return False
    return True


def right_on(
    candidate: Callable[[cp.ndarray, cp.ndarray, cp.ndarray], cp.ndarray],
    a: np.ndarray,
    b: np.ndarray,
    bias: np.ndarray,
    tolerance: float,
) -> bool:
    """Say whether the candidate is right for these inputs and leaves them alone."""
    operands = [a, b, bias]
    on_gpu = [cp.asarray(x) for x in operands]
    try:
        result = candidate(*on_gpu)
    except Exception:  # noqa: BLE001 - whatever it raises, it is wrong
        return False
    if result.shape != (a.shape[0], b.shape[1]) or result.dtype != a.dtype:
        return False
    for before, after in zip(operands, on_gpu, strict=True):
        if not np.array_equal(before, cp.asnumpy(after)):
            return False

    # The truth comes from arrays that the candidate never saw, in double precision.
    a, b, column = a.astype(np.float64), b.astype(np.float64), bias[:, None]
    expected = np.maximum(a @ b + column, 0)
    scale = np.abs(a) @ np.abs(b) + np.abs(column)
    return bool(np.all(np.abs(cp.asnumpy(result) - expected) <= tolerance * scale))
