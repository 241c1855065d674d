"""Exercise: many small products, as one batch and as one planned product in a loop.

The lesson is in ``README.md``; ``hints.md`` has hints, one at a time.
"""

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def batched(a, b, bias):
    """
    Return ReLU(A B + b) for each element of a batch, computed by one call.

    Args:
        a: CuPy array on the GPU, float32, shape ``(batch, m, k)``, in C order.

        b: CuPy array on the GPU, float32, shape ``(batch, k, n)``, in C order.

        bias: CuPy array on the GPU, float32, shape ``(batch, m, 1)``, in C order. Each
            element of the batch has its own, added to every column of its product.

    Returns:
        A new CuPy array on the GPU, float32, shape ``(batch, m, n)``, in any memory
        order.

    It is done when
        - every element of the batch is right to single precision;
        - nvmath ran one product with a batch dimension: one plan, one execution;
        - the bias and the ReLU are part of that product (its epilog);
        - operands and result never leave the GPU, and the operands are unchanged;
        - what was planned has been freed, or is kept for later calls.
    """
    # TODO: One product for the whole batch.
    raise NotImplementedError


def sequence(a, b, bias):
    """
    Return the same as :func:`batched`, one element of the batch after the other.

    Imagine that the elements arrive one by one, so that they cannot be stacked.

    Args:
        a: As for :func:`batched`.

        b: As for :func:`batched`.

        bias: As for :func:`batched`.

    Returns:
        As for :func:`batched`: one array for the whole batch.

    It is done when
        - every element of the batch is right, the first and the last included;
        - one Matmul object was planned once, and executed once for each element;
        - all else is as for :func:`batched`.
    """
    # TODO: Plan on the first element, then hand over the operands of the next.
    raise NotImplementedError
