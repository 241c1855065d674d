# Copies the result to the host.
# expect: failed memory_space wrong_memory_space

import cupy as cp
from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    result = advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
    )
    return cp.asnumpy(result, order="A")
