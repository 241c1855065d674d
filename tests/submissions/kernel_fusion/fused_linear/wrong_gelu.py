# Takes the GELU for the ReLU.
# expect: failed values wrong_value; fused not_fused

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    return advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.GELU_BIAS,
        epilog_inputs={"bias": bias},
    )
