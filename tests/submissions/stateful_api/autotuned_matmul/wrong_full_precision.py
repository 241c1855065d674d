# Plans and tunes with the default compute type.
# expect: failed reduced_precision wrong_value

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    remaining = iter(pairs)
    a, b = next(remaining)
    results = []
    with Matmul(a, b) as mm:
        mm.plan()
        mm.autotune()
        results.append(mm.execute())
        for a, b in remaining:
            mm.reset_operands(a=a, b=b)
            results.append(mm.execute())
    return results
