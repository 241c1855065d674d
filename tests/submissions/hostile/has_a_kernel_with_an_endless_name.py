# Gives a kernel a name that a careless pattern searches for hours.
# exercise: kernel_fusion/gemm_fusion
# devices: simulator
# expect: failed fused_form not_fused; flops wrong_value

import cupy as cp

# A kernel may have any name; the grader searches it with a pattern that goes back and forth.
_k = cp.ElementwiseKernel("T x", "T y", "y = x", "cublas1" * 9000)


def gemm_operator(a, b, c, alpha, beta):
    _k(c[:1, :1])
    return alpha * a @ b + beta * c


def gemm_matmul(a, b, c, alpha, beta):
    return alpha * (a @ b) + beta * c


def gemm_fused(a, b, c, alpha, beta):
    return alpha * (a @ b) + beta * c


def gemm_flops(m, n, k):
    return {"operator": 0, "matmul": 0}
