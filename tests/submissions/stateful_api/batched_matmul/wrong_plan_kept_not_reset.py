# Keeps the planned product for each shape and forgets to reset its operands.
# expect: failed values_batched wrong_value

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog

KEPT = {}


def batched(a, b, bias):
    key = (a.shape, b.shape)
    if key not in KEPT:
        KEPT[key] = Matmul(a.copy(), b.copy())
        KEPT[key].plan(
            epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias.copy()}
        )
    return KEPT[key].execute()


def sequence(a, b, bias):
    results = []
    with Matmul(a[0], b[0]) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for i in range(len(a)):
            mm.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
            results.append(mm.execute())
    return cp.stack(results)
