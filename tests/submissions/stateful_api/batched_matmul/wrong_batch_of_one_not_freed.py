# Frees the plan unless it served a batch of one.
# expect: failed freed wrong_phases

import cupy as cp
from nvmath.linalg import advanced
from nvmath.linalg.advanced import *

def batched(a, b, bias):
    return advanced.matmul(a, b, epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})

def sequence(a, b, bias):
    results = []
    mm = Matmul(a[0], b[0])
    try:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for i in range(len(a)):
            if i:
                mm.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
            results.append(mm.execute())
    finally:
        if len(a) != 1:
            mm.free()
    return cp.stack(results)
