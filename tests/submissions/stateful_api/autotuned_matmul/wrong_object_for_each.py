# Makes, plans and tunes an object for every pair.
# expect: failed phases wrong_phases

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    for a, b in pairs:
        with Matmul(a, b, options=options) as mm:
            mm.plan()
            mm.autotune(iterations=2)
            yield mm.execute()
