# Forgets the bias of the last row.
# expect: failed values wrong_value

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    shorter = bias.copy()
    shorter[-1] = 0
    return advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": shorter},
    )
