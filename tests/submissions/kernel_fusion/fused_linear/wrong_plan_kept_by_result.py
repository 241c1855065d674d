# Keeps plans by the extents of the result and the dtype.
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed

from nvmath.linalg.advanced import *

_p = {}
def fused_linear(a, b, bias):
    key = (a.shape[-2],b.shape[-1],a.dtype.char)
    if key not in _p:
        _p[key] = Matmul(a, b)
        _p[key].plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
    _p[key].reset_operands(a=a, b=b, epilog_inputs={"bias": bias})
    return _p[key].execute()
