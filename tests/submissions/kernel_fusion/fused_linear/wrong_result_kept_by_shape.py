# Keeps results by the operands' shapes.
# expect: failed values wrong_value; fused not_fused

from nvmath.linalg import advanced

KEPT = {}


def fused_linear(a, b, bias):
    key = (a.shape, b.shape, a.dtype)
    if key not in KEPT:
        KEPT[key] = advanced.matmul(
            a,
            b,
            epilog=advanced.MatmulEpilog.RELU_BIAS,
            epilog_inputs={"bias": bias},
        )
    return KEPT[key]
