# Executes the plan twice, the first time as a warm-up.
# expect: failed fused not_fused

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    with advanced.Matmul(a, b) as product:
        product.plan(
            epilog=advanced.MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias}
        )
        product.execute()
        return product.execute()
