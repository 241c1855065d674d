# Misplaces the bias of more than 64 rows.
# expect: failed values_batched wrong_value

import cupy as cp
from nvmath.linalg import advanced
from nvmath.linalg.advanced import *

def batched(a, b, bias):
    if a.shape[1] > 64: bias = cp.roll(bias, 1, axis=0)
    return advanced.matmul(a, b, epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})

def sequence(a, b, bias):
    results = []
    with Matmul(a[0], b[0]) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for i in range(len(a)):
            if i:
                mm.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
            results.append(mm.execute())
    return cp.stack(results)
