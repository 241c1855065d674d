# Rounds the bias to half precision, and nothing else.
# expect: failed values wrong_value

import cupy as cp
from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    rounded = bias.astype(cp.float16).astype(bias.dtype)
    return advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": rounded},
    )
