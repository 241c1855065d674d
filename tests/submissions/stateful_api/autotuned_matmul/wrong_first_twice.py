# Takes the first pair from a fresh iterator and then runs over all of them.
# expect: failed values wrong_shape; any_iterable wrong_shape; own_arrays wrong_shape; reduced_precision wrong_shape; memory_space wrong_shape; phases wrong_phases

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    remaining = pairs
    a, b = next(iter(pairs))
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    results = []
    with Matmul(a, b, options=options) as mm:
        mm.plan()
        mm.autotune()
        results.append(mm.execute())
        for a, b in remaining:
            mm.reset_operands(a=a, b=b)
            results.append(mm.execute())
    return results
