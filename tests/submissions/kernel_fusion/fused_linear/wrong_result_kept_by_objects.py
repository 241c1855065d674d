# Keeps results by the identity of all three operands.
# expect: failed values wrong_value; fused not_fused

from nvmath.linalg import advanced

KNOWN = {}


def fused_linear(a, b, bias):
    key = (id(a), id(b), id(bias))
    if key not in KNOWN:
        KNOWN[key] = advanced.matmul(
            a,
            b,
            epilog=advanced.MatmulEpilog.RELU_BIAS,
            epilog_inputs={"bias": bias},
        )
    return KNOWN[key]
