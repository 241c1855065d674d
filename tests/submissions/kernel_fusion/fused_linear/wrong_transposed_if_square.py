# Takes the second operand transposed where it is square.
# expect: failed values wrong_value

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    b = b.T if b.shape[0] == b.shape[1] else b
    return advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
    )
