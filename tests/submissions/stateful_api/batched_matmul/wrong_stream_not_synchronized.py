# Works on a stream of its own and returns before it is done.
# expect: failed values_batched wrong_value
# devices: simulator

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog

STREAM = cp.cuda.Stream(non_blocking=True)


def batched(a, b, bias):
    with Matmul(a, b, stream=STREAM) as mm:
        mm.plan(
            epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias}, stream=STREAM
        )
        return mm.execute(stream=STREAM)


def sequence(a, b, bias):
    results = []
    with Matmul(a[0], b[0]) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for i in range(len(a)):
            mm.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
            results.append(mm.execute())
    return cp.stack(results)
