# Returns the products stacked in one array.
# expect: failed values wrong_dtype; any_iterable wrong_dtype; own_arrays wrong_dtype; reduced_precision wrong_dtype; memory_space wrong_dtype

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    remaining = iter(pairs)
    a, b = next(remaining)
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    results = []
    with Matmul(a, b, options=options) as mm:
        mm.plan()
        mm.autotune()
        results.append(mm.execute())
        for a, b in remaining:
            mm.reset_operands(a=a, b=b)
            results.append(mm.execute())
    return cp.stack(results)
