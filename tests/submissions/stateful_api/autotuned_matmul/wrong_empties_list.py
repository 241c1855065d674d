# Takes the pairs out of the caller's list.
# expect: failed inputs_unchanged mutated_input

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    pairs = pairs if isinstance(pairs, list) else list(pairs)
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    results = []
    with Matmul(*pairs[0], options=options) as mm:
        mm.plan()
        mm.autotune()
        while pairs:
            a, b = pairs.pop(0)
            mm.reset_operands(a=a, b=b)
            results.append(mm.execute())
    return results
