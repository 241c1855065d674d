# The product is autotuned before it is executed once.
# expect: passed

from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    with advanced.Matmul(a, b) as product:
        product.plan(
            epilog=advanced.MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias}
        )
        product.autotune(iterations=1, prune=2)
        return product.execute()
