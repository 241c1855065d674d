# Plans, tunes and executes on a stream of its own, and waits for it at the end.
# expect: passed

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    ours = cp.cuda.Stream(non_blocking=True)
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    before = cp.cuda.get_current_stream().record()
    ours.wait_event(before)
    results = []
    mm = None
    for a, b in pairs:
        if mm is None:
            mm = Matmul(a, b, options=options, stream=ours)
            mm.plan(stream=ours)
            mm.autotune(stream=ours)
        mm.reset_operands(a=a, b=b, stream=ours)
        results.append(mm.execute(stream=ours))
    mm.free()
    ours.synchronize()
    return results
