# Forgets to return the result.
# expect: failed values wrong_dtype; memory_space wrong_memory_space

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
    )
