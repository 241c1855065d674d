# Copies the operands of the CPU product up by hand, and its result down.
# expect: failed what_was_timed extra_copies
# devices: simulator

import cupy as cp
import numpy as np
from cupyx.profiler import benchmark
from nvmath.linalg.advanced import matmul


def seconds(call):
    timing = benchmark(call, n_repeat=10, n_warmup=2)
    return float(np.min(timing.gpu_times))


def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    result = matmul(a_gpu, b_gpu)
    cpu = seconds(lambda: cp.asnumpy(matmul(cp.asarray(a_cpu), cp.asarray(b_cpu))))
    gpu = seconds(lambda: matmul(a_gpu, b_gpu))
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
