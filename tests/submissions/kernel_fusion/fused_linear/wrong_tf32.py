# Computes in TF32.
# expect: failed values wrong_value

import cupy as cp
from nvmath.linalg import advanced

TF32 = advanced.MatmulComputeType.COMPUTE_32F_FAST_TF32


def fused_linear(a, b, bias):
    is_single = a.dtype == cp.float32
    return advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
        options={"compute_type": TF32} if is_single else None,
    )
