# The plain program in CuPy, three kernels.
# expect: failed fused not_fused

import cupy as cp


def fused_linear(a, b, bias):
    return cp.maximum(a @ b + bias[:, None], 0)
