# Copies each product into an array that it has made for it.
# expect: passed

import itertools

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    remaining = iter(pairs)
    a, b = next(remaining)
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    results = []
    with Matmul(a, b, options=options) as mm:
        mm.plan(preferences={"limit": 4})
        mm.autotune(iterations=2)
        for a, b in itertools.chain([(a, b)], remaining):
            mm.reset_operands(a=a, b=b)
            out = cp.empty((a.shape[0], b.shape[1]), dtype=a.dtype)
            out[...] = mm.execute()
            results.append(out)
    return results
