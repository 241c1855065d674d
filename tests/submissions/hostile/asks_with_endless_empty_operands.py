# Gives the function operands without elements whose product the grader would go through for hours.
# exercise: kernel_fusion/matmul_validation
# expect: failed matches wrong_value

import cupy as cp
import numpy as np


def case():
    a = np.array([[1.0, 2.0], [-1.0, 3.0]])
    b = np.array([[2.0, 0.0, -1.0], [1.0, -2.0, 4.0]])
    bias = np.array([1.0, -5.0])
    product = a @ b
    biased = product + bias[:, None]
    steps = {"product": product, "biased": biased, "activated": np.maximum(biased, 0)}
    return {"a": a, "b": b, "bias": bias, **steps}


def agrees(candidate):
    rng = np.random.default_rng()
    for dtype, tolerance in (("float32", 1e-5), ("float64", 1e-12)):
        for m, k, n in ((3, 2, 4), (5, 7, 3), (4, 4, 4), (9, 33, 16)):
            a = rng.standard_normal((m, k)).astype(dtype)
            b = rng.standard_normal((k, n)).astype(dtype)
            bias = 3 * rng.standard_normal(m).astype(dtype)
            operands = [cp.asarray(x) for x in (a, b, bias)]
            try:
                result = candidate(*operands)
            except Exception:
                return False
            if result.shape != (m, n) or result.dtype != a.dtype:
                return False
            kept = all(
                np.array_equal(cp.asnumpy(x), y)
                for x, y in zip(operands, (a, b, bias), strict=True)
            )
            a, b, bias = (x.astype(np.float64) for x in (a, b, bias))
            expected = np.maximum(a @ b + bias[:, None], 0)
            scale = np.abs(a) @ np.abs(b) + np.abs(bias[:, None])
            off = np.abs(cp.asnumpy(result) - expected)
            if not kept or not np.all(off <= tolerance * scale):
                return False
    return True


def make_case():
    return case()


def matches(candidate):
    flat, tall = cp.empty((0, 2**40)), cp.empty((2**40, 0))
    candidate(flat, tall, cp.empty(0))
    return True
