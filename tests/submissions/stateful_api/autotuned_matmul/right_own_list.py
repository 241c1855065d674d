# Returns the products in a list of a class of its own.
# expect: passed

import cupy as cp
import numpy as np
import nvmath
import itertools
from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions
TF32 = MatmulComputeType.COMPUTE_32F_FAST_TF32


class Products(list):
    def total(self): return sum(x.size for x in self)
def tuned_matmul(pairs):
    out = Products()
    mm = None
    for a, b in pairs:
        if mm is None:
            mm = Matmul(a, b, options={"compute_type": TF32}); mm.plan(); mm.autotune()
        else: mm.reset_operands(a=a, b=b)
        out.append(mm.execute())
    mm.free()
    return out
