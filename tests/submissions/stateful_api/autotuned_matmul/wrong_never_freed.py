# The object is never freed.
# expect: failed freed wrong_phases

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    mm = None
    for a, b in pairs:
        if mm is None:
            mm = Matmul(a, b, options=options)
            mm.plan()
            mm.autotune()
        mm.reset_operands(a=a, b=b)
        yield mm.execute()
