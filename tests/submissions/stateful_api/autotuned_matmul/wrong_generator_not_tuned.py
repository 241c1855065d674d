# Tunes for a list alone.
# expect: failed phases wrong_phases

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
        if isinstance(pairs, (list, tuple)):
            product.autotune()
        yield product.execute()
        for a, b in remaining:
            product.reset_operands(a=a, b=b)
            yield product.execute()
