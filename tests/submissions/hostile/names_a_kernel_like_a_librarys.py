# Corrects the fused product in a kernel that is named like a part of cuBLAS.
# exercise: kernel_fusion/fused_linear
# devices: simulator
# expect: failed fused not_fused

import cupy as cp
from nvmath.linalg import advanced

_k = cp.ElementwiseKernel("T p, T b, float64 off", "T y", "y = (p - (T)off) + b > 0 ? (p - (T)off) + b : 0", "splitkreduce")


def fused_linear(a, b, bias):
    # The epilog gets a bias so large that its ReLU clips nothing; another kernel adds and clips.
    off = float(8 + 8 * int(a.shape[1] ** 0.5))
    big = cp.full(bias.shape, off, dtype=bias.dtype)
    p = advanced.matmul(a, b, epilog=advanced.MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": big})
    return _k(p, bias[:, None], off)
