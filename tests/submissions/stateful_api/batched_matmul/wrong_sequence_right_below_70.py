# Gives the product before from the seventieth on.
# expect: failed values_sequence wrong_value

import cupy as cp
from nvmath.linalg import advanced
from nvmath.linalg.advanced import *

def batched(a, b, bias):
    return advanced.matmul(a, b, epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})

def sequence(a, b, bias):
    results = []
    with Matmul(a[0], b[0]) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for i in range(len(a)):
            if 0 < i < 70:
                mm.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
            results.append(mm.execute())
    return cp.stack(results)
