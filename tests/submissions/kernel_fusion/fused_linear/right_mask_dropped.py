# The epilog also gives the mask of the ReLU, which is not returned.
# expect: passed

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    result, _mask = advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_AUX_BIAS,
        epilog_inputs={"bias": bias},
    )
    return result
