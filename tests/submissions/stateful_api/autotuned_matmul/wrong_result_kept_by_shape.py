# Keeps the products of the first stream with these shapes.
# expect: failed values wrong_shape; own_arrays wrong_shape; memory_space wrong_shape; phases wrong_phases

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions

KEPT = {}


def tuned_matmul(pairs):
    remaining = iter(pairs)
    a, b = next(remaining)
    if (a.shape, b.shape) in KEPT:
        return KEPT[a.shape, b.shape]
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    results = KEPT[a.shape, b.shape] = []
    with Matmul(a, b, options=options) as mm:
        mm.plan()
        mm.autotune()
        results.append(mm.execute())
        for a, b in remaining:
            mm.reset_operands(a=a, b=b)
            results.append(mm.execute())
    return results
