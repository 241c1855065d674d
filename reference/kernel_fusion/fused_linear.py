"""A layer of a neural network in one kernel: cuBLASLt adds the bias and clips."""

import cupy as cp
from nvmath.linalg import advanced


def fused_linear(a: cp.ndarray, b: cp.ndarray, bias: cp.ndarray) -> cp.ndarray:
    """
    Return ReLU(A B + b), with the bias and the ReLU fused into the product.

    Args:
        a: CuPy array, shape ``(m, k)``, float32 or float64.

        b: CuPy array, shape ``(k, n)``, of the same dtype.

        bias: CuPy array, shape ``(m,)``, of the same dtype.

    Returns:
        A new CuPy array, shape ``(m, n)``. The epilog writes it column by column.
    """
    return advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
    )
