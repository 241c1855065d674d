# A small kernel prepares the bias, as one may.
# expect: passed

import cupy as cp
import nvmath


def fused_linear(a, b, bias):
    prepared = cp.ascontiguousarray((2 * bias)[:, cp.newaxis]) / 2
    return nvmath.linalg.advanced.matmul(
        a,
        b,
        epilog=nvmath.linalg.advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": prepared},
    )
