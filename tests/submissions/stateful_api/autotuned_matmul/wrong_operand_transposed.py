# Multiplies by the transpose of B where that is square.
# expect: failed values crashed; any_iterable crashed; own_arrays crashed; reduced_precision crashed; memory_space crashed; inputs_unchanged crashed; phases crashed

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    remaining = iter(pairs)
    a, b = next(remaining)
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    results = []
    with Matmul(a, b, options=options) as mm:
        mm.plan()
        mm.autotune()
        results.append(mm.execute())
        for a, b in remaining:
            mm.reset_operands(a=a, b=b.T)
            results.append(mm.execute())
    return results
