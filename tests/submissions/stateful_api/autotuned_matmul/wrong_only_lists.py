# Looks at the first pair by its index.
# expect: failed any_iterable crashed

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    results = []
    with Matmul(*pairs[0], options=options) as mm:
        mm.plan()
        mm.autotune()
        for a, b in pairs:
            mm.reset_operands(a=a, b=b)
            results.append(mm.execute())
    return results
