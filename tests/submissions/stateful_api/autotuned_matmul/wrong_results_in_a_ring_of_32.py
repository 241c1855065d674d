# Results lie in a ring of 32 buffers.
# expect: failed own_arrays wrong_value

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions

DEPTH = 32


def tuned_matmul(pairs):
    mm, ring = None, []
    try:
        for i, (a, b) in enumerate(pairs):
            if i < DEPTH:
                ring.append(cp.empty((a.shape[0], b.shape[1]), cp.float32))
            if mm is None:
                mm = Matmul(a, b, ring[0], beta=0.0, options=MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32, inplace=True))
                mm.plan()
                mm.autotune()
            else:
                mm.reset_operands(a=a, b=b, c=ring[i % DEPTH])
            yield mm.execute()
    finally:
        mm and mm.free()
