# Calls the stateless function for every pair.
# expect: failed phases wrong_phases

import nvmath


def tuned_matmul(pairs):
    compute = nvmath.linalg.advanced.MatmulComputeType.COMPUTE_32F_FAST_TF32
    return [
        nvmath.linalg.advanced.matmul(a, b, options={"compute_type": compute})
        for a, b in pairs
    ]
