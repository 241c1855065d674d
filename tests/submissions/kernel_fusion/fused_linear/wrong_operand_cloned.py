# Copies an operand as it is, to be safe.
# expect: failed no_extra_copies extra_copies

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    return advanced.matmul(
        a,
        b.copy(),
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
    )
