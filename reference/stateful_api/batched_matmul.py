"""ReLU(A B + b) over a batch: one product with a batch dimension, or one plan in a loop.

Both forms use the stateful ``Matmul``. As a context manager it frees what it planned,
also where something in between raises.
"""

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def batched(a, b, bias):
    """
    Return ReLU(A B + b) for each element of a batch, computed by one call.

    Args:
        a: CuPy array, float32, shape ``(batch, m, k)``.

        b: CuPy array, float32, shape ``(batch, k, n)``.

        bias: CuPy array, float32, shape ``(batch, m, 1)``.

    Returns:
        A new CuPy array, float32, shape ``(batch, m, n)``, column-major in each element.
    """
    with Matmul(a, b) as product:
        product.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
        return product.execute()


def sequence(a, b, bias):
    """
    Return the same as :func:`batched`, one element of the batch after the other.

    Args:
        a: As for :func:`batched`.

        b: As for :func:`batched`.

        bias: As for :func:`batched`.

    Returns:
        As for :func:`batched`.
    """
    batch, rows, _ = a.shape
    columns = b.shape[2]
    # Products with a bias come out column-major. With room of the same order, each
    # assignment below is a plain copy of adjacent bytes.
    result = cp.empty((batch, columns, rows), dtype=a.dtype).transpose(0, 2, 1)
    with Matmul(a[0], b[0]) as product:
        product.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for i in range(batch):
            product.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
            result[i] = product.execute()
    return result
