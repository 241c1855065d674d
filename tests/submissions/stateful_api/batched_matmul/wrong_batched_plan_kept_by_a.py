# Keeps the plan of the batched form by the shape of a.
# expect: failed values_batched crashed; memory_space crashed; inputs_unchanged crashed; fused crashed; one_call crashed

import cupy as cp
from nvmath.linalg.advanced import *

_p = {}
def batched(a, b, bias):
    key = (a.shape[-2],a.shape[-1],a.dtype.char)
    if key not in _p:
        _p[key] = Matmul(a, b)
        _p[key].plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
    _p[key].reset_operands(a=a, b=b, epilog_inputs={"bias": bias})
    return _p[key].execute()

def sequence(a, b, bias):
    results = []
    with Matmul(a[0], b[0]) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for i in range(len(a)):
            if i:
                mm.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
            results.append(mm.execute())
    return cp.stack(results)
