# There is no function of the name sequence.
# expect: failed values_sequence import_failed; memory_space import_failed; inputs_unchanged import_failed; fused import_failed; one_plan import_failed

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def batched(a, b, bias):
    with Matmul(a, b) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
        return mm.execute()
