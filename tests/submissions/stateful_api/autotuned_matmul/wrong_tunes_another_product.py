# CuPy multiplies rounded operands, beside a small product that is tuned and executed.
# expect: failed phases wrong_phases

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulComputeType


def cut(x):
    bits = x.view(cp.uint32)
    return ((bits + 0x1000) & 0xFFFFE000).view(cp.float32)


def tuned_matmul(pairs):
    toy = cp.ones((8, 8), dtype=cp.float32)
    with Matmul(toy, toy, options={"compute_type": MatmulComputeType.COMPUTE_32F_FAST_TF32}) as mm:
        mm.plan()
        mm.autotune(iterations=1)
        for a, b in pairs:
            mm.execute()
            yield cut(a) @ cut(b)
