# Hands a plan the algorithms that another one found.
# expect: passed

import cupy as cp
from nvmath.linalg import advanced
_algos = {}
def fused_linear(a, b, bias):
    key = a.shape, b.shape, a.dtype.char
    algo = _algos.get(key)
    with advanced.Matmul(a, b) as mm:
        found = mm.plan(epilog=advanced.MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias}, algorithms=algo)
        if algo is None:
            _algos[key] = list(found)[:1]
        return mm.execute()
