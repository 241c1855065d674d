# Times the product of ten rows for that of all.
# expect: failed what_was_timed wrong_value

import time
import cupy as cp
from nvmath.linalg.advanced import matmul

def clock(f, n=7):
    f()
    cp.cuda.runtime.deviceSynchronize()
    times = []
    for _ in range(n):
        start = time.perf_counter()
        f()
        cp.cuda.runtime.deviceSynchronize()
        times.append(time.perf_counter() - start)
    return min(times)

def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    c_gpu = matmul(a_gpu, b_gpu)
    t_cpu = clock(lambda: matmul(a_cpu, b_cpu))
    t_gpu = clock(lambda: matmul(a_gpu[:10], b_gpu))
    t_up = clock(lambda: (cp.asarray(a_cpu), cp.asarray(b_cpu)))
    t_down = clock(lambda: cp.asnumpy(c_gpu))

    return {"matmul_cpu_operands": t_cpu, "matmul_gpu_operands": t_gpu,
            "transfer_estimate": t_cpu - t_gpu, "host_to_device": t_up,
            "device_to_host": t_down, "transfer_measured": t_up + t_down}

def transfers_can_be_ignored(costs):
    return costs["transfer_measured"] < 0.1 * costs["matmul_gpu_operands"]
