# Writes nothing where both factors are 0.
# expect: failed fused_values wrong_value

import cupy as cp
from nvmath.linalg import advanced


def gemm_operator(a, b, c, alpha, beta):
    return alpha * a @ b + beta * c


def gemm_matmul(a, b, c, alpha, beta):
    return alpha * cp.matmul(a, b) + beta * c


def gemm_fused(a, b, c, alpha, beta):
    if alpha == beta == 0:
        return cp.empty_like(c)
    return advanced.matmul(a, b, c, alpha=alpha, beta=beta)


def gemm_flops(m, n, k):
    product = m * n * (2 * k - 1)
    return {
        "operator": m * k + product + 2 * m * n,
        "matmul": product + 3 * m * n,
    }
