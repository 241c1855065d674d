# Leaves the last term of each sum out where k is odd.
# expect: failed values wrong_value

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    even = max(a.shape[1] // 2 * 2, 1)
    return advanced.matmul(
        a[:, :even],
        b[:even],
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
    )
