# Keeps the plan of the sequence by the extents of the result.
# expect: failed values_sequence crashed; memory_space crashed; inputs_unchanged crashed; fused crashed; one_plan crashed

import cupy as cp
from nvmath.linalg import advanced
from nvmath.linalg.advanced import *

def batched(a, b, bias):
    return advanced.matmul(a, b, epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})

_p = {}
def sequence(a, b, bias):
    key = (a.shape[-2],b.shape[-1],a.dtype.char)
    if key not in _p:
        _p[key] = Matmul(a[0], b[0])
        _p[key].plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
    out = []
    for i in range(len(a)):
        _p[key].reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
        out.append(_p[key].execute())
    return cp.stack(out)
