# Executes large batches in parts of 300.
# expect: failed one_call wrong_phases

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog, matmul

CHUNK = 300


def batched(a, b, bias):
    parts = [
        matmul(a[i : i + CHUNK], b[i : i + CHUNK], epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[i : i + CHUNK]})
        for i in range(0, len(a), CHUNK)
    ]
    return parts[0] if len(parts) == 1 else cp.concatenate(parts)


def sequence(a, b, bias):
    out = []
    with Matmul(a[0], b[0]) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for x, y, z in zip(a, b, bias):
            mm.reset_operands(a=x, b=y, epilog_inputs={"bias": z})
            out.append(mm.execute())
    return cp.stack(out)
