# Lets the tensor cores round the factors to eleven bits.
# expect: failed values_batched wrong_value

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulEpilog


def batched(a, b, bias):
    with Matmul(
        a, b, options={"compute_type": MatmulComputeType.COMPUTE_32F_FAST_TF32}
    ) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
        return mm.execute()


def sequence(a, b, bias):
    results = []
    with Matmul(a[0], b[0]) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for i in range(len(a)):
            mm.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
            results.append(mm.execute())
    return cp.stack(results)
