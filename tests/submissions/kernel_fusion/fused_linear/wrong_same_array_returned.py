# Writes every result of a shape into one array, which it returns again and again.
# expect: failed values wrong_value

import cupy as cp
from nvmath.linalg import advanced

RESULTS = {}


def fused_linear(a, b, bias):
    key = (a.shape[0], b.shape[1], a.dtype.char)
    if key not in RESULTS:
        RESULTS[key] = cp.zeros(key[:2], a.dtype, order="F")
    return advanced.matmul(
        a,
        b,
        c=RESULTS[key],
        beta=0.0,
        options={"inplace": True},
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
    )
