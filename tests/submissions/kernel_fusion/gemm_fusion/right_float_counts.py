# Counts in floating point, and counts the fused form as well.
# expect: passed

import cupy as cp
from nvmath.linalg import advanced


def gemm_operator(a, b, c, alpha, beta):
    product = cp.dot(cp.multiply(alpha, a), b)
    return cp.add(product, cp.multiply(beta, c))


def gemm_matmul(a, b, c, alpha, beta):
    return cp.add(cp.multiply(alpha, cp.tensordot(a, b, 1)), cp.multiply(beta, c))


def gemm_fused(a, b, c, alpha, beta):
    return advanced.matmul(a, b, c, alpha=alpha, beta=beta)


def gemm_flops(m, n, k):
    product = 2.0 * m * n * k
    scaled = {"operator": float(m) * k, "matmul": float(m) * n, "fused": 0.0}
    return {form: product + s + 2.0 * m * n for form, s in scaled.items()}
