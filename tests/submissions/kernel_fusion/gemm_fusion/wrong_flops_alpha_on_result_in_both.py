# Counts alpha over the result in both.
# expect: failed flops wrong_value

import cupy as cp
from nvmath.linalg import advanced


def gemm_operator(a, b, c, alpha, beta):
    return alpha * a @ b + beta * c


def gemm_matmul(a, b, c, alpha, beta):
    return alpha * cp.matmul(a, b) + beta * c


def gemm_fused(a, b, c, alpha, beta):
    return advanced.matmul(a, b, c, alpha=alpha, beta=beta)


def gemm_flops(m, n, k):
    return {
        "operator": 2 * m * n * k + 3 * m * n,
        "matmul": 2 * m * n * k + 3 * m * n,
    }
