# Keeps results by the addresses of all operands and the factors.
# expect: failed operator_values wrong_value

import cupy as cp
from nvmath.linalg import advanced

KNOWN = {}


def gemm_operator(a, b, c, alpha, beta):
    key = (a.shape, b.shape, a.data.ptr, b.data.ptr, c.data.ptr, alpha, beta)
    if key not in KNOWN:
        KNOWN[key] = alpha * a @ b + beta * c
    return KNOWN[key]


def gemm_matmul(a, b, c, alpha, beta):
    return alpha * cp.matmul(a, b) + beta * c


def gemm_fused(a, b, c, alpha, beta):
    return advanced.matmul(a, b, c, alpha=alpha, beta=beta)


def gemm_flops(m, n, k):
    product = m * n * (2 * k - 1)
    return {
        "operator": m * k + product + 2 * m * n,
        "matmul": product + 3 * m * n,
    }
