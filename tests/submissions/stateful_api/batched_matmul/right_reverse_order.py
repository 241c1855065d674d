# Runs through the batch from its end, and reads the results back in order.
# expect: passed

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def batched(a, b, bias):
    with Matmul(a, b) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
        return mm.execute()


def sequence(a, b, bias):
    results = []
    with Matmul(a[0], b[0]) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for i in reversed(range(len(a))):
            mm.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
            results.append(mm.execute())
    return cp.stack(results[::-1])
