# Plans once with NumPy arrays and resets an operand in every round.
# expect: failed copies extra_copies

import numpy as np
from nvmath.linalg.advanced import Matmul


def pipeline(a, b, rounds):
    x = a
    with Matmul(a, b, alpha=1 / np.sqrt(b.shape[0])) as product:
        product.plan()
        for done in range(rounds):
            if done:
                product.reset_operands(a=x)
            x = product.execute()
    return x
