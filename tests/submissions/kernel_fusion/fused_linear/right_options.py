# Compute type, blocking and planning preferences are written out.
# expect: passed

import cupy as cp
from nvmath.linalg import advanced


def fused_linear(a, b, bias):
    kind = advanced.MatmulComputeType
    exact = kind.COMPUTE_64F if a.dtype == cp.float64 else kind.COMPUTE_32F
    options = advanced.MatmulOptions(compute_type=exact, blocking=True)
    preferences = advanced.MatmulPlanPreferences(limit=4)
    return advanced.matmul(
        a,
        b,
        alpha=1.0,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
        options=options,
        preferences=preferences,
    )
