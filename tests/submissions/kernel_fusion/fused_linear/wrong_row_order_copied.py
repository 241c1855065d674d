# Copies the result to have it in row order.
# expect: failed no_extra_copies extra_copies

import cupy as cp
from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    result = advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
    )
    return cp.ascontiguousarray(result)
