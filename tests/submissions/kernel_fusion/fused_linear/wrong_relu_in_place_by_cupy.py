# Fuses the bias and clips the result in place with CuPy.
# expect: failed fused not_fused

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    biased = advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.BIAS,
        epilog_inputs={"bias": bias},
    )
    biased[biased < 0] = 0
    return biased
