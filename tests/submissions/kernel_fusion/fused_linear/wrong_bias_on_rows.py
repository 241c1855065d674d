# Repeats the bias along the rows, and adds it there.
# expect: failed values wrong_value; fused not_fused

import cupy as cp


def fused_linear(a, b, bias):
    return cp.maximum(a @ b + cp.resize(bias, b.shape[1]), 0)
