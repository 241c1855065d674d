# Computes the transposed product: C^T = B^T A^T, with operands swapped and the bias as C.
# expect: passed

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def turned(x):
    return x.swapaxes(-1, -2)


def spread(bias, n):
    return cp.ascontiguousarray(
        cp.broadcast_to(turned(bias), (*bias.shape[:-2], n, bias.shape[-2]))
    )


def batched(a, b, bias):
    with Matmul(turned(b), turned(a), c=spread(bias, b.shape[-1]), beta=1.0) as mm:
        mm.plan(epilog=MatmulEpilog.RELU)
        return turned(mm.execute())


def sequence(a, b, bias):
    n = b.shape[-1]
    results = []
    with Matmul(turned(b[0]), turned(a[0]), c=spread(bias[0], n), beta=1.0) as mm:
        mm.plan(epilog=MatmulEpilog.RELU)
        for i in range(len(a)):
            mm.reset_operands(a=turned(b[i]), b=turned(a[i]), c=spread(bias[i], n))
            results.append(turned(mm.execute()))
    return cp.stack(results)
