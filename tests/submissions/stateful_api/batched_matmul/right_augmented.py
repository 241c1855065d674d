# Takes the bias as one more column of A, against a row of ones below B, and the epilog RELU.
# expect: passed

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def augmented(a, b, bias):
    ones = cp.ones((*b.shape[:-2], 1, b.shape[-1]), dtype=b.dtype)
    return cp.concatenate([a, bias], axis=-1), cp.concatenate([b, ones], axis=-2)


def batched(a, b, bias):
    a, b = augmented(a, b, bias)
    with Matmul(a, b) as mm:
        mm.plan(epilog=MatmulEpilog.RELU)
        return mm.execute()


def sequence(a, b, bias):
    a, b = augmented(a, b, bias)
    results = []
    with Matmul(a[0], b[0]) as mm:
        mm.plan(epilog=MatmulEpilog.RELU)
        for x, y in zip(a, b, strict=True):
            mm.reset_operands(a=x, b=y)
            results.append(mm.execute()[None])
    return cp.concatenate(results)
