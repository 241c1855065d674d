# Works a queue off, resets A and B one by one, and names the algorithm that it runs.
# expect: passed

import collections

from nvmath.linalg.advanced import (
    Matmul,
    MatmulComputeType,
    MatmulOptions,
    MatmulPlanPreferences,
)


def tuned_matmul(pairs):
    queue = collections.deque(pairs)
    compute = MatmulComputeType.COMPUTE_32F_FAST_TF32
    products = []
    with Matmul(*queue[0], options=MatmulOptions(compute_type=compute)) as mm:
        mm.plan(preferences=MatmulPlanPreferences(limit=4))
        mm.autotune(iterations=5, prune=1, release_workspace=True)
        while queue:
            a, b = queue.popleft()
            mm.reset_operands(a=a)
            mm.reset_operands(b=b)
            products.append(mm.execute(algorithm=mm.algorithms[0]))
    return iter(products)
