# Clips at six as well.
# expect: failed values wrong_value; fused not_fused

import cupy as cp
from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    return cp.minimum(
        advanced.matmul(
            a,
            b,
            epilog=advanced.MatmulEpilog.RELU_BIAS,
            epilog_inputs={"bias": bias},
        ),
        6,
    )
