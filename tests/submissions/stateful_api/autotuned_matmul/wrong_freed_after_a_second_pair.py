# Frees the plan where a second pair has come, and keeps it where there is one pair alone.
# expect: failed freed wrong_phases

from nvmath.linalg.advanced import Matmul, MatmulComputeType

OPTIONS = {"compute_type": MatmulComputeType.COMPUTE_32F_FAST_TF32}
NEVER_FREED = []


def tuned_matmul(pairs):
    stream = iter(pairs)
    product = Matmul(*next(stream), options=OPTIONS)
    product.plan()
    product.autotune(iterations=2)
    yield product.execute()
    alone = True
    for a, b in stream:
        alone = False
        product.reset_operands(a=a, b=b)
        yield product.execute()
    if alone:
        NEVER_FREED.append(product)
    else:
        product.free()
