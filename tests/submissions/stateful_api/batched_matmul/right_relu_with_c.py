# Adds the bias as a third operand, spread over the columns, with the epilog RELU.
# expect: passed

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def spread(bias, n):
    return cp.ascontiguousarray(cp.broadcast_to(bias, (*bias.shape[:-1], n)))


def batched(a, b, bias):
    with Matmul(a, b, c=spread(bias, b.shape[-1]), beta=1.0) as mm:
        mm.plan(epilog=MatmulEpilog.RELU)
        return mm.execute()


def sequence(a, b, bias):
    n = b.shape[-1]
    results = []
    with Matmul(a[0], b[0], c=spread(bias[0], n), beta=1.0) as mm:
        mm.plan(epilog=MatmulEpilog.RELU)
        for i in range(len(a)):
            mm.reset_operands(a=a[i], b=b[i], c=spread(bias[i], n))
            results.append(mm.execute())
    return cp.stack(results)
