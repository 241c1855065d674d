# Subtracts the bias.
# expect: failed values wrong_value

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    column = bias[:, None]
    return advanced.matmul(a, b, column, beta=-1.0, epilog=advanced.MatmulEpilog.RELU)
