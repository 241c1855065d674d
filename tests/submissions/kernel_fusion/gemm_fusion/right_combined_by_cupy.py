# CuPy fuses the last steps of the unfused forms into one kernel of its own.
# expect: passed

import cupy as cp
from nvmath.linalg import advanced


@cp.fuse
def scaled_sum(x, y, alpha, beta):
    return alpha * x + beta * y


@cp.fuse
def added(x, y, beta):
    return x + beta * y


def gemm_operator(a, b, c, alpha, beta):
    return added((a * alpha) @ b, c, beta)


def gemm_matmul(a, b, c, alpha, beta):
    return scaled_sum(a @ b, c, alpha, beta)


def gemm_fused(a, b, c, alpha, beta):
    return advanced.matmul(a, b, c, alpha=alpha, beta=beta)


def gemm_flops(m, n, k):
    product = m * n * (2 * k - 1)
    return {
        "operator": m * k + product + 2 * m * n,
        "matmul": product + 3 * m * n,
    }
