# Takes the epilog BIAS, which does not clip.
# expect: failed values wrong_value; fused not_fused

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    return advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.BIAS,
        epilog_inputs={"bias": bias},
    )
