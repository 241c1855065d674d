# C is row-major, so that the result is; the bias is in the column C.
# expect: passed

from nvmath.linalg import advanced


class Layer:
    def __init__(self, bias):
        self.bias = bias

    def __call__(self, a, b):
        with advanced.Matmul(a, b, self.bias.reshape(-1, 1), beta=1) as product:
            product.plan(epilog=advanced.MatmulEpilog.RELU)
            return product.execute()


def fused_linear(a, b, bias):
    return Layer(bias)(a, b)
