# Never resets: copies each element's operands into the arrays that the plan knows.
# expect: passed

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def batched(a, b, bias):
    with Matmul(a, b) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
        return mm.execute()


def sequence(a, b, bias):
    x, y, z = (cp.empty_like(each[0]) for each in (a, b, bias))
    results = []
    with Matmul(x, y) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": z})
        for i in range(len(a)):
            x[...], y[...], z[...] = a[i], b[i], bias[i]
            results.append(mm.execute())
    return cp.array(results)
