"""Exercise: three ways to compute alpha A B + beta C, and what each of them costs.

The lesson is in ``README.md``; ``hints.md`` has hints, one at a time.
"""

import cupy as cp
from nvmath.linalg import advanced


def gemm_operator(
    a: cp.ndarray, b: cp.ndarray, c: cp.ndarray, alpha: float, beta: float
) -> cp.ndarray:
    """
    Return alpha A B + beta C as ``alpha * a @ b + beta * c`` computes it.

    Python works this out from left to right: alpha scales A, and the scaled A is
    multiplied with B.

    Args:
        a: CuPy array on the GPU, shape ``(m, k)``, float32 or float64, in C order. It
            must not be changed, nor must the others.

        b: CuPy array on the GPU, shape ``(k, n)``, of the same dtype, in C order.

        c: CuPy array on the GPU, shape ``(m, n)``, of the same dtype, in C order.

        alpha: The factor of the product, a ``float`` of either sign, or 0.

        beta: The factor of C, a ``float`` of either sign, or 0.

    Returns:
        A new CuPy array on the GPU, shape ``(m, n)``, of the operands' dtype, in any
        memory order, right to the operands' own precision.

    It is done when the values are right, nothing leaves the GPU, and kernels beside the
    product's scale the entries of A before it, scale C, and add the two.
    """
    # TODO: Write it with Python's operators.
    raise NotImplementedError


def gemm_matmul(
    a: cp.ndarray, b: cp.ndarray, c: cp.ndarray, alpha: float, beta: float
) -> cp.ndarray:
    """
    Return alpha A B + beta C with the product computed first, and then scaled.

    Args:
        a: As for :func:`gemm_operator`.

        b: As for :func:`gemm_operator`.

        c: As for :func:`gemm_operator`.

        alpha: As for :func:`gemm_operator`.

        beta: As for :func:`gemm_operator`.

    Returns:
        As for :func:`gemm_operator`.

    It is done when the values are right, nothing leaves the GPU, and kernels beside the
    product's scale the product and C and add the two; none works on A or B.
    """
    # TODO: Compute the product with cupy.matmul, then the rest.
    raise NotImplementedError


def gemm_fused(
    a: cp.ndarray, b: cp.ndarray, c: cp.ndarray, alpha: float, beta: float
) -> cp.ndarray:
    """
    Return alpha A B + beta C, with all three terms computed by the product's kernel.

    Args:
        a: As for :func:`gemm_operator`.

        b: As for :func:`gemm_operator`.

        c: As for :func:`gemm_operator`.

        alpha: As for :func:`gemm_operator`.

        beta: As for :func:`gemm_operator`.

    Returns:
        As for :func:`gemm_operator`.

    It is done when the values are right, nothing leaves the GPU, no kernel beside the
    product's computes with a matrix or a part of one, and it is much faster than either
    of the other two where m is large and k small.
    """
    # TODO: Which arguments does nvmath.linalg.advanced.matmul take?
    raise NotImplementedError


def gemm_flops(m: int, n: int, k: int) -> dict[str, int]:
    """
    Count the floating-point operations of the two forms that are not fused.

    Every multiplication and every addition of two numbers is one operation; those of
    scaling by alpha and by beta, and of the final sum, are included.

    Args:
        m: Rows of A and of the result.

        n: Columns of B and of the result.

        k: Columns of A, which are the rows of B.

    Returns:
        ``"operator"``: the count for :func:`gemm_operator`; ``"matmul"``: the count for
        :func:`gemm_matmul`. A sum of k products takes k multiplications and k - 1
        additions; counting it as 2k, as is often done, is right too, in both.
    """
    # TODO: Count step by step: how many entries, how many operations for each?
    raise NotImplementedError
