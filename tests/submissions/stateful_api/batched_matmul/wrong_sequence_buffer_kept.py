# The sequence writes its results into a buffer that it keeps.
# expect: failed values_sequence wrong_value

import cupy as cp
import numpy as np
import nvmath
from nvmath.linalg.advanced import Matmul, MatmulEpilog, matmul


def batched(a, b, bias):
    return matmul(a, b, epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})


_o = {}
def sequence(a, b, bias):
    key = (a.shape[0], a.shape[1], b.shape[2])
    if key not in _o: _o[key] = cp.empty(key, a.dtype)
    out = _o[key]
    with Matmul(a[0], b[0]) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for i in range(len(a)):
            mm.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
            out[i] = mm.execute()
    return out
