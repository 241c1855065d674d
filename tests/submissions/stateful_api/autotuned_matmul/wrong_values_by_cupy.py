# Goes through all phases, and returns what CuPy computes.
# expect: failed reduced_precision wrong_value

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    remaining = iter(pairs)
    a, b = next(remaining)
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    with Matmul(a, b, options=options) as mm:
        mm.plan()
        mm.autotune()
        mm.execute()
        yield a @ b
        for a, b in remaining:
            mm.reset_operands(a=a, b=b)
            mm.execute()
            yield a @ b
