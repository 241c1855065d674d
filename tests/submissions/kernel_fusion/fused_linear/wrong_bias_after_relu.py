# Adds the bias after the ReLU.
# expect: failed values wrong_value; fused not_fused

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    activated = advanced.matmul(a, b, epilog=advanced.MatmulEpilog.RELU)
    return activated + bias[:, None]
