# Works on a stream of its own, which the current one waits for.
# expect: passed

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog

STREAM = cp.cuda.Stream(non_blocking=True)


def after_current():
    STREAM.wait_event(cp.cuda.get_current_stream().record())


def batched(a, b, bias):
    after_current()
    with Matmul(a, b, stream=STREAM) as mm:
        mm.plan(
            epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias}, stream=STREAM
        )
        result = mm.execute(stream=STREAM)
    STREAM.synchronize()
    return result


def sequence(a, b, bias):
    after_current()
    with STREAM:
        results = []
        with Matmul(a[0], b[0]) as mm:
            mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
            for i in range(len(a)):
                mm.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
                results.append(mm.execute())
        stacked = cp.stack(results)
    STREAM.synchronize()
    return stacked
