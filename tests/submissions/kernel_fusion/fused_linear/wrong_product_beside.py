# Computes the product once more in CuPy, for its shape.
# expect: failed fused not_fused

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    shape = (a @ b).shape
    result = advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
    )
    assert result.shape == shape
    return result
