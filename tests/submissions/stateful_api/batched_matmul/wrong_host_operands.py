# Hands NumPy arrays to nvmath, which copies them up itself.
# expect: failed memory_space extra_copies

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def batched(a, b, bias):
    with Matmul(a.get(), b.get()) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias.get()})
        return cp.asarray(mm.execute())


def sequence(a, b, bias):
    results = []
    with Matmul(a[0], b[0]) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for i in range(len(a)):
            mm.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
            results.append(mm.execute())
    return cp.stack(results)
