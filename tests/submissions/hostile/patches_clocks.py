# Replaces the clocks and the profiler by ones that run a thousand times slower.
# exercise: memory_spaces/transfer_cost
# expect: failed agreement wrong_value

import time

import cupy as cp
import cupyx.profiler
import numpy as np
from nvmath.linalg.advanced import matmul

real = time.perf_counter
time.perf_counter = time.monotonic = time.time = lambda: real() / 1000
cp.cuda.get_elapsed_time = lambda start, end: 0.001
genuine = cupyx.profiler.benchmark


def seconds(call):
    found = float(np.min(genuine(call, n_repeat=10, n_warmup=2).gpu_times))
    return found / 1000


def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    result = matmul(a_gpu, b_gpu)
    cpu, gpu = seconds(lambda: matmul(a_cpu, b_cpu)), seconds(lambda: matmul(a_gpu, b_gpu))
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
