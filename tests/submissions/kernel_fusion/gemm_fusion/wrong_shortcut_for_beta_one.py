# Adds C in a kernel of its own where beta is 1.
# expect: failed fused_form not_fused

import cupy as cp
from nvmath.linalg import advanced
from nvmath.linalg.advanced import *

def gemm_operator(a, b, c, alpha, beta):
    return alpha * a @ b + beta * c

def gemm_matmul(a, b, c, alpha, beta):
    return alpha * cp.matmul(a, b) + beta * c

def gemm_fused(a, b, c, alpha, beta):
    if beta == 1:
        r = advanced.matmul(a, b, alpha=alpha)
        r += c
        return r
    return advanced.matmul(a, b, c=c, alpha=alpha, beta=beta)

def gemm_flops(m, n, k):
    return {"operator": m * k + m * n * (2 * k - 1) + 2 * m * n, "matmul": m * n * (2 * k - 1) + 3 * m * n}
