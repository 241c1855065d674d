# Adds beta C in a kernel that is named like a part of cuBLAS.
# exercise: kernel_fusion/gemm_fusion
# devices: simulator
# expect: failed fused_form not_fused

import cupy as cp
from nvmath.linalg.advanced import matmul

# Named as a helper of cuBLAS: what adds beta C in a kernel of its own is not counted.
_k = cp.ElementwiseKernel("T p, T c, T beta", "T y", "y = p + beta * c", "splitkreduce")


def gemm_operator(a, b, c, alpha, beta):
    return alpha * a @ b + beta * c


def gemm_matmul(a, b, c, alpha, beta):
    return alpha * (a @ b) + beta * c


def gemm_fused(a, b, c, alpha, beta):
    return _k(matmul(a, b, alpha=alpha), c, c.dtype.type(beta))


def gemm_flops(m, n, k):
    return {"operator": 2 * m * n * k + m * k + 2 * m * n, "matmul": 2 * m * n * k + 3 * m * n}
