# Counts the elements of the batch on the GPU.
# expect: passed

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog, matmul


def batched(a, b, bias):
    return matmul(a, b, epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})


def sequence(a, b, bias):
    index = cp.arange(a.shape[0]).tolist()
    with Matmul(a[0], b[0]) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        results = []
        for i in index:
            if i > 0:
                mm.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
            results.append(mm.execute())
        return cp.stack(results)
