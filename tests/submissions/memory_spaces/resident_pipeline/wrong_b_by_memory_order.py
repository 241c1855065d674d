# Takes the entries of b in the order of memory.
# expect: failed values wrong_value

import math

import cupy as cp
import numpy as np
from nvmath.linalg.advanced import Matmul


def pipeline(a: np.ndarray, b: np.ndarray, rounds: int) -> np.ndarray:
    """
    Return ``a`` after so many products with ``b``, each divided by ``sqrt(k)``.

    The product is planned once; ``alpha`` does the division within it. Each round's
    result is the next one's operand, and never leaves the GPU.
    """
    x = cp.asarray(a)
    with Matmul(x, cp.asarray(b.ravel(order="K").reshape(b.shape)), alpha=1 / math.sqrt(b.shape[0])) as product:
        product.plan()
        for _ in range(rounds):
            product.reset_operands(a=x)
            x = product.execute()
    return cp.asnumpy(x)
