# Calls the fused product and returns what CuPy computes.
# expect: failed fused not_fused

import cupy as cp
from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
    )
    return cp.maximum(a @ b + bias[:, None], 0)
