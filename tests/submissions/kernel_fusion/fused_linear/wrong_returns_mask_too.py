# Returns the mask of the ReLU beside the result.
# expect: failed values wrong_dtype; memory_space wrong_memory_space

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    return advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_AUX_BIAS,
        epilog_inputs={"bias": bias},
    )
