# Copies the operands to have them in column order.
# expect: failed no_extra_copies extra_copies

import cupy as cp
from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    a, b = cp.asfortranarray(a), cp.asfortranarray(b)
    return advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
    )
