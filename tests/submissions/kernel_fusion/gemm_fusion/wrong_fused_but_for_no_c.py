# Leaves the fused form without C to CuPy.
# expect: failed fused_form not_fused

import cupy as cp
from nvmath.linalg import advanced


def gemm_operator(
    a: cp.ndarray, b: cp.ndarray, c: cp.ndarray, alpha: float, beta: float
) -> cp.ndarray:
    """Return alpha A B + beta C as Python's operators do it: A is scaled first."""
    return alpha * a @ b + beta * c


def gemm_matmul(
    a: cp.ndarray, b: cp.ndarray, c: cp.ndarray, alpha: float, beta: float
) -> cp.ndarray:
    """Return alpha A B + beta C with the product computed first, and then scaled."""
    return alpha * cp.matmul(a, b) + beta * c


def gemm_fused(
    a: cp.ndarray, b: cp.ndarray, c: cp.ndarray, alpha: float, beta: float
) -> cp.ndarray:
    """Return alpha A B + beta C in one kernel: all three terms are its own."""
    if beta == 0:
        return alpha * (a @ b)
    return advanced.matmul(a, b, c, alpha=alpha, beta=beta)


def gemm_flops(m: int, n: int, k: int) -> dict[str, int]:
    """
    Count the floating-point operations of the two forms that are not fused.

    Each entry of the product takes k multiplications and k - 1 additions. Each entry of
    beta C takes one multiplication, and each of the sum one addition.
    """
    product = m * n * (2 * k - 1)
    scaled_c_and_sum = 2 * m * n
    return {
        "operator": m * k + product + scaled_c_and_sum,
        "matmul": m * n + product + scaled_c_and_sum,
    }
