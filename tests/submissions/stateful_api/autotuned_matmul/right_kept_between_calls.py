# Keeps one tuned product for each shape as long as the program runs.
# expect: passed

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions

TUNED = {}


def tuned_matmul(pairs):
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    for a, b in pairs:
        key = a.shape, b.shape
        if key not in TUNED:
            TUNED[key] = Matmul(a, b, options=options)
            TUNED[key].plan()
            TUNED[key].autotune()
        TUNED[key].reset_operands(a=a, b=b)
        yield TUNED[key].execute()
