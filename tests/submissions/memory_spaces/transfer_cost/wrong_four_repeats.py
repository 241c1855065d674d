# Repeats four times; the warm-ups of the benchmark are ten, and are no repeats.
# expect: failed what_was_timed wrong_value
# devices: simulator
import cupy as cp
import numpy as np
from cupyx.profiler import benchmark
from nvmath.linalg.advanced import matmul


def seconds(call):
    return float(np.min(benchmark(call, n_repeat=4).gpu_times))


def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    result = matmul(a_gpu, b_gpu)
    costs = {
        "matmul_cpu_operands": seconds(lambda: matmul(a_cpu, b_cpu)),
        "matmul_gpu_operands": seconds(lambda: matmul(a_gpu, b_gpu)),
        "host_to_device": seconds(lambda: (cp.asarray(a_cpu), cp.asarray(b_cpu))),
        "device_to_host": seconds(lambda: cp.asnumpy(result)),
    }
    costs["transfer_estimate"] = costs["matmul_cpu_operands"] - costs["matmul_gpu_operands"]
    costs["transfer_measured"] = costs["host_to_device"] + costs["device_to_host"]
    return costs


def transfers_can_be_ignored(costs):
    return costs["transfer_measured"] < 0.05 * costs["matmul_gpu_operands"]
