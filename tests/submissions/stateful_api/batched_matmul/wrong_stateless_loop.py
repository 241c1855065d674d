# The sequence calls the stateless function, which plans every time.
# expect: failed one_plan wrong_phases

import cupy as cp
import nvmath
from nvmath.linalg.advanced import Matmul, MatmulEpilog


def batched(a, b, bias):
    with Matmul(a, b) as mm:
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
        return mm.execute()


def sequence(a, b, bias):
    results = [
        nvmath.linalg.advanced.matmul(
            x, y, epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": z}
        )
        for x, y, z in zip(a, b, bias, strict=True)
    ]
    return cp.stack(results)
