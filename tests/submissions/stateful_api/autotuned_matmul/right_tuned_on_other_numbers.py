# Plans and tunes on arrays of its own, before it looks at any pair's numbers.
# expect: passed

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    pairs = list(pairs)
    a, b = (cp.ones_like(each) for each in pairs[0])
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    with Matmul(a, b, options=options) as mm:
        mm.plan()
        mm.autotune()
        mm.release_operands()
        for a, b in pairs:
            mm.reset_operands(a=a, b=b)
            yield mm.execute()
