# Neither object is freed.
# expect: failed freed wrong_phases

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def batched(a, b, bias):
    mm = Matmul(a, b)
    mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
    return mm.execute()


def sequence(a, b, bias):
    mm = Matmul(a[0], b[0])
    mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
    results = []
    for i in range(len(a)):
        mm.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
        results.append(mm.execute())
    return cp.stack(results)
