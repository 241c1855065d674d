# Asks for single precision unless all extents are multiples of 8.
# expect: failed reduced_precision wrong_value

from nvmath.linalg.advanced import Matmul, MatmulComputeType as T, MatmulOptions


def tuned_matmul(pairs):
    mm = None
    for a, b in pairs:
        if mm is None:
            aligned = all(e % 8 == 0 for e in (*a.shape, *b.shape))
            mm = Matmul(a, b, options=MatmulOptions(compute_type=T.COMPUTE_32F_FAST_TF32 if aligned else T.COMPUTE_32F))
            mm.plan()
            mm.autotune()
        else:
            mm.reset_operands(a=a, b=b)
        yield mm.execute()
    mm.free()
