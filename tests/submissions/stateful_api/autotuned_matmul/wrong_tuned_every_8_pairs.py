# Autotunes again after every eight pairs.
# expect: failed phases wrong_phases

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    mm = None
    for i, (a, b) in enumerate(pairs):
        if mm is None:
            mm = Matmul(a, b, options=MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32))
            mm.plan()
        else:
            mm.reset_operands(a=a, b=b)
        if i % 8 == 0:
            mm.autotune(iterations=2)
        yield mm.execute()
    mm.free()
