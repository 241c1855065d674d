# Scales C in a kernel where alpha is 0.
# expect: failed fused_form not_fused

import cupy as cp
from nvmath.linalg import advanced
def gemm_operator(a, b, c, alpha, beta): return alpha * a @ b + beta * c
def gemm_matmul(a, b, c, alpha, beta): return alpha * (a @ b) + beta * c
def gemm_fused(a, b, c, alpha, beta):
    if alpha == 0: return beta * c
    return advanced.matmul(a, b, c=c, alpha=alpha, beta=beta)
def gemm_flops(m, n, k): return {"operator": 2*m*n*k + m*k + 2*m*n, "matmul": 2*m*n*k + 3*m*n}
