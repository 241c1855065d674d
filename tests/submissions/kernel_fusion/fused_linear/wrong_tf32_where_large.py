# Computes in TF32 where the operands are large.
# expect: failed values wrong_value

import cupy as cp
from nvmath.linalg import advanced

TF32 = advanced.MatmulComputeType.COMPUTE_32F_FAST_TF32


def fused_linear(a, b, bias):
    is_coarse = a.dtype == cp.float32 and a.size + b.size > 2**18
    return advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
        options={"compute_type": TF32} if is_coarse else None,
    )
