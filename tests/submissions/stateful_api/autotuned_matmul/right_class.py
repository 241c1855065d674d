# An iterator class that frees its product when the stream is at its end.
# expect: passed

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


class Products:
    def __init__(self, pairs):
        self.pairs = iter(pairs)
        self.product = None

    def __iter__(self):
        return self

    def __next__(self):
        try:
            a, b = next(self.pairs)
        except StopIteration:
            self.close()
            raise
        if self.product is None:
            compute = MatmulComputeType.COMPUTE_32F_FAST_TF32
            self.product = Matmul(a, b, options=MatmulOptions(compute_type=compute))
            self.product.plan()
            self.product.autotune()
        self.product.reset_operands(a=a, b=b)
        return self.product.execute()

    def close(self):
        if self.product is not None:
            self.product.free()


def tuned_matmul(pairs):
    return Products(pairs)
