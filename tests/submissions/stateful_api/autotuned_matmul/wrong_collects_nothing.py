# Computes all products and returns a list without one.
# expect: failed values wrong_shape; any_iterable wrong_shape; own_arrays wrong_shape; reduced_precision wrong_shape; memory_space wrong_shape

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    remaining = iter(pairs)
    a, b = next(remaining)
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    results = []
    with Matmul(a, b, options=options) as mm:
        mm.plan()
        mm.autotune()
        mm.execute()
        for a, b in remaining:
            mm.reset_operands(a=a, b=b)
            mm.execute()
    return results
