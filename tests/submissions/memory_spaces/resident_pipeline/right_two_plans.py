# Two planned products that write for one another, freed at the end.
# expect: passed

import cupy as cp
import numpy as np
from nvmath.linalg.advanced import Matmul


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    product = Matmul(x, step, alpha=1 / np.sqrt(b.shape[0]))
    try:
        product.plan(preferences={"limit": 1})
        x = product.execute()
        for _ in range(1, rounds):
            product.reset_operands(a=x, b=step)
            x = product.execute()
    finally:
        product.free()
    return x.get()
