# Reports the mean of its repeats, of which one is slow.
# expect: failed agreement wrong_value
# devices: simulator
import cupy as cp
import numpy as np
import time
from nvmath.linalg import advanced


def seconds(work, warmup=1, repeats=5):
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        cp.cuda.get_current_stream().synchronize()
        start = time.perf_counter()
        work()
        cp.cuda.get_current_stream().synchronize()
        times.append(time.perf_counter() - start)
    return float(np.mean(times))


def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    result = cp.empty((a_cpu.shape[0], b_cpu.shape[1]), a_cpu.dtype)
    cpu = seconds(lambda: advanced.matmul(a_cpu, b_cpu))
    gpu = seconds(lambda: advanced.matmul(a_gpu, b_gpu))
    up = seconds(lambda: (cp.asarray(a_cpu), cp.asarray(b_cpu)))
    down = seconds(lambda: cp.asnumpy(result))
    return {
        "matmul_cpu_operands": cpu,
        "matmul_gpu_operands": gpu,
        "transfer_estimate": cpu - gpu,
        "host_to_device": up,
        "device_to_host": down,
        "transfer_measured": up + down,
    }


def transfers_can_be_ignored(costs):
    return costs["transfer_measured"] < 0.1 * costs["matmul_gpu_operands"]
