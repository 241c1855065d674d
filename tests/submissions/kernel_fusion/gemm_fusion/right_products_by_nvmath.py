# All products are nvmath's, and those of the unfused forms plain.
# expect: passed

import nvmath


def gemm_operator(a, b, c, alpha, beta):
    return nvmath.linalg.advanced.matmul(alpha * a, b) + beta * c


def gemm_matmul(a, b, c, alpha, beta):
    return beta * c + alpha * nvmath.linalg.matmul(a, b)


def gemm_fused(a, b, c, alpha, beta):
    return nvmath.linalg.advanced.matmul(a, b, c=c, alpha=alpha, beta=beta)


def gemm_flops(m, n, k):
    product = m * n * (2 * k - 1)
    return {
        "operator": m * k + product + 2 * m * n,
        "matmul": product + 3 * m * n,
    }
