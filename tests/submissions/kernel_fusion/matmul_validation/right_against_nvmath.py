# Compares with nvmath's own fused product in double precision.
# expect: passed
import cupy as cp
import numpy as np
from nvmath.linalg.advanced import MatmulEpilog, matmul


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
    rng = np.random.default_rng(8)
    for dtype, tolerance in (("float32", 1e-5), ("float64", 1e-12)):
        arrays = [
            rng.uniform(-2, 2, shape).astype(dtype)
            for shape in ((6, 11), (11, 4), (6,))
        ]
        a, b, bias = (cp.asarray(x, dtype="float64") for x in arrays)
        expected = matmul(
            a, b, epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias}
        )
        given = [cp.asarray(x) for x in arrays]
        try:
            result = candidate(*given)
        except Exception:
            return False
        if not all(np.array_equal(x, cp.asnumpy(y)) for x, y in zip(arrays, given)):
            return False
        difference = np.abs(cp.asnumpy(result) - cp.asnumpy(expected))
        if not (difference <= 20 * tolerance).all():
            return False
    return True
