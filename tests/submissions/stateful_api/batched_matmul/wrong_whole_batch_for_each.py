# The sequence executes the whole batch for each element and keeps one.
# expect: failed one_plan wrong_phases

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog, matmul


def batched(a, b, bias):
    return matmul(a, b, epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})


def sequence(a, b, bias):
    out = cp.empty((a.shape[0], a.shape[1], b.shape[2]), cp.float32)
    with Matmul(a, b) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
        for i in range(len(a)):
            mm.reset_operands(a=a, b=b, epilog_inputs={"bias": bias})
            out[i] = mm.execute()[i]
    return out
