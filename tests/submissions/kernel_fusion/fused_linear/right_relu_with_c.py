# The bias is C, a single column; the epilog is the ReLU alone.
# expect: passed

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    column = bias[:, None]
    return advanced.matmul(a, b, column, beta=1.0, epilog=advanced.MatmulEpilog.RELU)
