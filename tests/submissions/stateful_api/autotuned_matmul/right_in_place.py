# Works in place, each time on a new array of zeros.
# expect: passed

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    mm = None
    try:
        for a, b in pairs:
            c = cp.zeros((a.shape[0], b.shape[1]), dtype=cp.float32)
            if mm is None:
                mm = Matmul(a, b, c=c, beta=0.0, options=OPTIONS)
                mm.plan()
                mm.autotune()
            else:
                mm.reset_operands(a=a, b=b, c=c)
            yield mm.execute()
    finally:
        if mm is not None:
            mm.free()


OPTIONS = MatmulOptions(
    compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32, inplace=True
)
