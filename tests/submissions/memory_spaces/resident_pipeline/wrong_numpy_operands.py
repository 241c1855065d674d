# Hands nvmath NumPy arrays in every round.
# expect: failed copies extra_copies

import numpy as np
from nvmath.linalg.advanced import matmul


def pipeline(a, b, rounds):
    x = a
    for _ in range(rounds):
        x = matmul(x, b, alpha=1 / np.sqrt(b.shape[0]))
    return x
