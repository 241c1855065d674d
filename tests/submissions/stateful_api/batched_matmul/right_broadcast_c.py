# Gives the bias as operand C of one column, which nvmath spreads over all.
# expect: passed

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def batched(a, b, bias):
    with Matmul(a, b, c=bias, beta=1.0) as mm:
        mm.plan(epilog=MatmulEpilog.RELU)
        return mm.execute()


def sequence(a, b, bias):
    results = []
    with Matmul(a[0], b[0], c=bias[0], beta=1.0) as mm:
        mm.plan(epilog=MatmulEpilog.RELU)
        for i in range(len(a)):
            mm.reset_operands(a=a[i], b=b[i], c=bias[i])
            results.append(mm.execute())
    return cp.stack(results)
