# Each step writes into an array that the program made.
# expect: passed

import cupy as cp
from nvmath.linalg import advanced


def gemm_operator(a, b, c, alpha, beta):
    scaled = cp.empty_like(a)
    cp.multiply(a, alpha, out=scaled)
    result = cp.empty(c.shape, dtype=c.dtype)
    cp.matmul(scaled, b, out=result)
    result += c * beta
    return result


def gemm_matmul(a, b, c, alpha, beta):
    result = a.dot(b)
    result *= alpha
    addend = c.copy()
    addend *= beta
    return cp.add(result, addend, out=result)


def gemm_fused(a, b, c, alpha, beta):
    with advanced.Matmul(a, b, c, alpha=alpha, beta=beta) as product:
        product.plan()
        return product.execute()


def gemm_flops(m, n, k):
    product = m * n * (2 * k - 1)
    return {
        "operator": m * k + product + 2 * m * n,
        "matmul": product + 3 * m * n,
    }
