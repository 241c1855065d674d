# The factors are arrays of one number, which small kernels prepare.
# expect: passed

import cupy as cp
from nvmath.linalg import advanced


def gemm_operator(a, b, c, alpha, beta):
    alpha, beta = cp.full(1, alpha, dtype=a.dtype), cp.full(1, beta, dtype=a.dtype)
    return alpha * a @ b - (-beta) * c


def gemm_matmul(a, b, c, alpha, beta):
    alpha, beta = cp.full(1, alpha, dtype=a.dtype), cp.full(1, beta, dtype=a.dtype)
    return cp.einsum("ik,kj->ij", a, b) * alpha - c * -beta


def gemm_fused(a, b, c, alpha, beta):
    return advanced.matmul(a, b, c, alpha=alpha, beta=beta)


def gemm_flops(m, n, k):
    product = m * n * (2 * k - 1)
    return {
        "operator": m * k + product + 2 * m * n,
        "matmul": product + 3 * m * n,
    }
