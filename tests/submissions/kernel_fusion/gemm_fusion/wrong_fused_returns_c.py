# Returns C itself where it is the result.
# expect: failed inputs_unchanged wrong_value

import cupy as cp
from nvmath.linalg import advanced


def gemm_operator(a, b, c, alpha, beta):
    return alpha * a @ b + beta * c


def gemm_matmul(a, b, c, alpha, beta):
    return alpha * cp.matmul(a, b) + beta * c


def gemm_fused(a, b, c, alpha, beta):
    if alpha == 0 and beta == 1:
        return c
    return advanced.matmul(a, b, c, alpha=alpha, beta=beta)


def gemm_flops(m, n, k):
    product = m * n * (2 * k - 1)
    return {
        "operator": m * k + product + 2 * m * n,
        "matmul": product + 3 * m * n,
    }
