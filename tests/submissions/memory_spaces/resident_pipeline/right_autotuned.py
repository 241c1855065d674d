# A planned product that is tuned before the rounds.
# expect: passed

import cupy as cp
import numpy as np
from nvmath.linalg.advanced import Matmul


def pipeline(a, b, rounds):
    x, step = cp.asarray(a), cp.asarray(b)
    with Matmul(x, step, alpha=1 / np.sqrt(b.shape[0])) as product:
        product.plan()
        product.autotune(iterations=3)
        for _ in range(rounds):
            product.reset_operands(a=x)
            x = product.execute()
    return x.get()
