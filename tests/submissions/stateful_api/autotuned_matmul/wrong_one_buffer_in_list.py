# Collects one and the same array, which holds the last product.
# expect: failed values wrong_value; any_iterable wrong_value; own_arrays wrong_value

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    remaining = iter(pairs)
    a, b = next(remaining)
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    results = []
    with Matmul(a, b, options=options) as mm:
        mm.plan()
        mm.autotune()
        out = mm.execute()
        results.append(out)
        for a, b in remaining:
            mm.reset_operands(a=a, b=b)
            out[...] = mm.execute()
            results.append(out)
    return results
