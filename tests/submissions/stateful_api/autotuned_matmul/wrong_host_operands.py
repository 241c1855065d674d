# Hands NumPy arrays to nvmath and brings the products up.
# expect: failed memory_space extra_copies

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    mm = None
    for a, b in pairs:
        if mm is None:
            mm = Matmul(a.get(), b.get(), options=options)
            mm.plan()
            mm.autotune(iterations=2)
        mm.reset_operands(a=a.get(), b=b.get())
        yield cp.asarray(mm.execute())
    mm.free()
