# Pads every pair with zeros to multiples of 16, and cuts the products out.
# expect: passed

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulComputeType


def padded(matrix):
    rows, columns = (-(-extent // 16) * 16 for extent in matrix.shape)
    whole = cp.zeros((rows, columns), dtype=matrix.dtype)
    whole[: matrix.shape[0], : matrix.shape[1]] = matrix
    return whole


def tuned_matmul(pairs):
    product = None
    options = {"compute_type": MatmulComputeType.COMPUTE_32F_FAST_TF32}
    results = []
    for a, b in pairs:
        left, right = padded(a), padded(b)
        if product is None:
            product = Matmul(left, right, options=options)
            product.plan()
            product.autotune()
        else:
            product.reset_operands(a=left, b=right)
        results.append(product.execute()[: a.shape[0], : b.shape[1]].copy())
    if product is not None:
        product.free()
    return results
