# Takes the bias as one more column of A.
# expect: failed no_extra_copies extra_copies

import cupy as cp
from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    wider = cp.concatenate([a, bias[:, None]], axis=1)
    ones = cp.ones((1, b.shape[1]), dtype=b.dtype)
    taller = cp.concatenate([b, ones], axis=0)
    return advanced.matmul(wider, taller, epilog=advanced.MatmulEpilog.RELU)
