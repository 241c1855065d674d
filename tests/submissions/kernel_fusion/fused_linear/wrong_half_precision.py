# Computes in half precision.
# expect: failed values wrong_value; no_extra_copies extra_copies

import cupy as cp
from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    a16, b16, bias16 = (x.astype(cp.float16) for x in (a, b, bias))
    result = advanced.matmul(
        a16,
        b16,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias16},
    )
    return result.astype(a.dtype)
