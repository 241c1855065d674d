# Two elementwise kernels in C++ scale and add, and are made when the module is loaded.
# expect: passed

import cupy as cp
from nvmath.linalg import advanced

axpby = cp.ElementwiseKernel(
    "T x, T y, float64 s, float64 t", "T z", "z = (T)(s * x + t * y)", "axpby"
)
scaled = cp.ElementwiseKernel("T x, float64 s", "T z", "z = (T)(s * x)", "scaled")


def gemm_operator(a, b, c, alpha, beta):
    return axpby(cp.dot(scaled(a, alpha), b), c, 1.0, beta)


def gemm_matmul(a, b, c, alpha, beta):
    return axpby(cp.einsum("ik,kj->ij", a, b), c, alpha, beta)


def gemm_fused(a, b, c, alpha, beta):
    return advanced.matmul(a, b, c=c, beta=float(beta), alpha=float(alpha))


def gemm_flops(m, n, k):
    product = m * n * k + m * n * (k - 1)
    rest = m * n + m * n  # beta C and the sum
    return {"matmul": product + m * n + rest, "operator": product + m * k + rest}
