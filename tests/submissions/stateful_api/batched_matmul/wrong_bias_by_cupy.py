# The product is bare; bias and ReLU of the whole batch are kernels of CuPy's.
# expect: failed fused not_fused

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def batched(a, b, bias):
    with Matmul(a, b) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
        return mm.execute()


def sequence(a, b, bias):
    results = []
    with Matmul(a[0], b[0]) as mm:
        mm.plan()
        for x, y in zip(a, b, strict=True):
            mm.reset_operands(a=x, b=y)
            results.append(mm.execute())
    return cp.maximum(cp.stack(results) + bias, 0)
