# The batch by the stateless function, the sequence without checks at the reset.
# expect: passed

import cupy as cp
import nvmath
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def batched(a, b, bias):
    return nvmath.linalg.advanced.matmul(
        a, b, epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias}
    )


def sequence(a, b, bias):
    out = cp.empty((len(a), a.shape[1], b.shape[2]), dtype=a.dtype)
    with Matmul(a[0], b[0]) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for x, y, z, r in zip(a, b, bias, out, strict=True):
            mm.reset_operands_unchecked(a=x, b=y, epilog_inputs={"bias": z})
            r[...] = mm.execute()
    return out
