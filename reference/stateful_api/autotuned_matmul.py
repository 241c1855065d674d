"""Plan and autotune one product, then run it on a stream of operands.

The first pair is what the product is specified with, so it is taken from the iterator
before the loop; the loop then begins with the second. It is a generator: a result is
computed when it is asked for, and the context ends after the last one.
"""

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    """
    Multiply each pair of matrices, with one product that is planned and tuned once.

    Args:
        pairs: An iterable of pairs ``(a, b)`` of CuPy arrays, float32, shapes ``(m, k)``
            and ``(k, n)``.

    Yields:
        The product of each pair, a new CuPy array, float32, shape ``(m, n)``.
    """
    remaining = iter(pairs)
    a, b = next(remaining)
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    with Matmul(a, b, options=options) as product:
        product.plan()
        product.autotune()
        yield product.execute()
        for a, b in remaining:
            product.reset_operands(a=a, b=b)
            yield product.execute()
