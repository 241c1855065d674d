# A Matmul object, planned, executed and freed in each call.
# expect: passed

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    with advanced.Matmul(a, b) as product:
        product.plan(
            epilog=advanced.MatmulEpilog.RELU_BIAS,
            epilog_inputs={"bias": bias.reshape(-1, 1)},
        )
        return product.execute()
