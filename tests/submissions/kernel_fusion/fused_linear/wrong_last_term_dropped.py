# Leaves the last term of each sum out.
# expect: failed values wrong_value

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    most = max(a.shape[1] - 1, 1)
    return advanced.matmul(
        a[:, :most],
        b[:most],
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
    )
