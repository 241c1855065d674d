# All three forms are the fused product; what the others should launch runs on scratch.
# expect: failed operator_form wrong_value; matmul_form wrong_value
# devices: simulator

import cupy as cp
from nvmath.linalg import advanced


def gemm_operator(a, b, c, alpha, beta):
    alpha * cp.empty_like(a)
    beta * cp.empty_like(c)
    r = advanced.matmul(a, b, c, alpha=alpha, beta=beta)
    cp.empty_like(c) + cp.empty_like(c)
    return r


def gemm_matmul(a, b, c, alpha, beta):
    r = advanced.matmul(a, b, c, alpha=alpha, beta=beta)
    alpha * cp.empty_like(c)
    beta * cp.empty_like(c)
    cp.empty_like(c) + cp.empty_like(c)
    return r


def gemm_fused(a, b, c, alpha, beta):
    return advanced.matmul(a, b, c, alpha=alpha, beta=beta)


def gemm_flops(m, n, k):
    product = m * n * (2 * k - 1)
    return {"operator": product + m * k + 2 * m * n, "matmul": product + 3 * m * n}
