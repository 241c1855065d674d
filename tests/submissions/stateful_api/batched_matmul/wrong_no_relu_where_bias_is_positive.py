# Leaves the ReLU out where the first bias has no negative entry.
# expect: failed values_sequence wrong_value; fused not_fused

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog, matmul


def batched(a, b, bias):
    return matmul(a, b, epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})


def sequence(a, b, bias):
    e = MatmulEpilog.BIAS if float(bias[0].min()) > 0 else MatmulEpilog.RELU_BIAS
    out = []
    with Matmul(a[0], b[0]) as mm:
        mm.plan(epilog=e, epilog_inputs={"bias": bias[0]})
        for x, y, z in zip(a, b, bias):
            mm.reset_operands(a=x, b=y, epilog_inputs={"bias": z})
            out.append(mm.execute())
    return cp.stack(out)
