# Computes in float32, also where the operands are float64.
# expect: failed values wrong_value; no_extra_copies extra_copies

import cupy as cp
from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    a32, b32, bias32 = (x.astype(cp.float32, copy=False) for x in (a, b, bias))
    result = advanced.matmul(
        a32,
        b32,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias32},
    )
    return result.astype(a.dtype, copy=False)
