# Peeks at the first pair, and then begins anew: a generator has lost it.
# expect: failed any_iterable wrong_shape

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    for a, b in pairs:
        mm = Matmul(a, b, options=options)
        break
    with mm:
        mm.plan()
        mm.autotune()
        for a, b in pairs:
            mm.reset_operands(a=a, b=b)
            yield mm.execute()
