# Overwrites a column of A after using it.
# expect: failed inputs_unchanged mutated_input

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    result = advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
    )
    a[:, -1] = 0
    return result
