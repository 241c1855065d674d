# Lets the factors be rounded to float16, and works through a list of all pairs.
# expect: passed

from nvmath.linalg.advanced import Matmul, MatmulComputeType


def tuned_matmul(pairs):
    pairs = list(pairs)
    compute = MatmulComputeType.COMPUTE_32F_FAST_16F
    mm = Matmul(*pairs[0], options={"compute_type": compute})
    try:
        mm.plan()
        mm.autotune(iterations=3)
        products = []
        for a, b in pairs:
            mm.reset_operands(a=a, b=b)
            products.append(mm.execute())
        return tuple(products)
    finally:
        mm.free()
