# The object is made when the first pair comes, inside the loop over the stream.
# expect: passed

import contextlib

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions

OPTIONS = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)


def tuned_matmul(pairs):
    with contextlib.ExitStack() as stack:
        product = None
        for a, b in pairs:
            if product is None:
                product = stack.enter_context(Matmul(a, b, options=OPTIONS))
                product.plan()
                product.autotune(prune=1)
            else:
                product.reset_operands_unchecked(a=a, b=b)
            yield product.execute()
