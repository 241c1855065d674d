# Plans on the first element, and executes from the second on.
# expect: failed values_sequence wrong_value; one_plan wrong_phases

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def batched(a, b, bias):
    with Matmul(a, b) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
        return mm.execute()


def sequence(a, b, bias):
    out = cp.empty((len(a), a.shape[1], b.shape[2]), dtype=cp.float32)
    with Matmul(a[0], b[0]) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for i in range(1, len(a)):
            mm.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
            out[i] = mm.execute()
    return out
