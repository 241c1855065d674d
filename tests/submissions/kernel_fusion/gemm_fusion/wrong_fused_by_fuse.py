# Takes cupy.fuse for the steps after the product.
# expect: failed fused_form not_fused

import cupy as cp


@cp.fuse
def scaled_sum(x, y, alpha, beta):
    return alpha * x + beta * y


def gemm_operator(a, b, c, alpha, beta):
    return alpha * a @ b + beta * c


def gemm_matmul(a, b, c, alpha, beta):
    return alpha * cp.matmul(a, b) + beta * c


def gemm_fused(a, b, c, alpha, beta):
    return scaled_sum(a @ b, c, alpha, beta)


def gemm_flops(m, n, k):
    product = m * n * (2 * k - 1)
    return {
        "operator": m * k + product + 2 * m * n,
        "matmul": product + 3 * m * n,
    }
