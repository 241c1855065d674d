# Computes the columns in two products.
# expect: failed fused not_fused; no_extra_copies extra_copies

import cupy as cp
from nvmath.linalg import advanced


def layer(a, b, bias):
    return advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
    )


def fused_linear(a, b, bias):
    half = b.shape[1] // 2
    if half == 0:
        return layer(a, b, bias)
    return cp.concatenate(
        [layer(a, b[:, :half], bias), layer(a, b[:, half:], bias)], axis=1
    )
