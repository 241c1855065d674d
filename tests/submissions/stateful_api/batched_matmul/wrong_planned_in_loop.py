# One object, planned again for each element.
# expect: failed one_plan wrong_phases

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def batched(a, b, bias):
    with Matmul(a, b) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
        return mm.execute()


def sequence(a, b, bias):
    results = []
    with Matmul(a[0], b[0]) as mm:
        for i in range(len(a)):
            mm.reset_operands(a=a[i], b=b[i])
            mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[i]})
            results.append(mm.execute())
    return cp.stack(results)
