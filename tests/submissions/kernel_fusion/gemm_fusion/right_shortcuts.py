# Leaves out what a factor of zero or one makes needless.
# expect: passed

import cupy as cp
from nvmath.linalg import advanced


def gemm_operator(a, b, c, alpha, beta):
    scaled = a if alpha == 1 else alpha * a
    product = scaled @ b
    return product if beta == 0 else product + (c if beta == 1 else beta * c)


def gemm_matmul(a, b, c, alpha, beta):
    return alpha * cp.matmul(a, b) + beta * c


def gemm_fused(a, b, c, alpha, beta):
    if beta == 0:
        return advanced.matmul(a, b, alpha=alpha)
    return advanced.matmul(a, b, c, alpha=alpha, beta=beta)


def gemm_flops(m, n, k):
    product = m * n * (2 * k - 1)
    return {
        "operator": m * k + product + 2 * m * n,
        "matmul": product + 3 * m * n,
    }
