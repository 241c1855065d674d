# Times the product of pinned copies of the operands.
# expect: failed what_was_timed wrong_value; agreement wrong_value

import cupy as cp, numpy as np, cupyx
from cupyx.profiler import benchmark
from nvmath.linalg.advanced import matmul
def t(f): return float(np.median(benchmark(f, n_repeat=9, n_warmup=2).gpu_times))
def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    c = matmul(a_gpu, b_gpu)
    A, B = cupyx.empty_like_pinned(a_cpu), cupyx.empty_like_pinned(b_cpu)
    A[...] = a_cpu; B[...] = b_cpu
    x, y = t(lambda: matmul(A, B)), t(lambda: matmul(a_gpu, b_gpu))
    u, d = t(lambda: (cp.asarray(a_cpu), cp.asarray(b_cpu))), t(lambda: c.get())
    return {"matmul_cpu_operands": x, "matmul_gpu_operands": y, "transfer_estimate": x - y, "host_to_device": u, "device_to_host": d, "transfer_measured": u + d}
def transfers_can_be_ignored(costs): return costs["transfer_measured"] < 0.1 * costs["matmul_gpu_operands"]
