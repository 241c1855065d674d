# Adds the bias as C and in the epilog.
# expect: failed values wrong_value

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    return advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
        c=bias[:, None],
        beta=1.0,
    )
