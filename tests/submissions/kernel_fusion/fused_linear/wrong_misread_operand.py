# Reads the second operand as if it were column-major.
# expect: failed values wrong_value

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    k, n = b.shape
    return advanced.matmul(
        a,
        b.reshape(n, k).T,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
    )
