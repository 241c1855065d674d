# Times copies from and to page-locked memory.
# expect: failed what_was_timed wrong_value; agreement wrong_value
import cupy as cp
import cupyx
import numpy as np
from cupyx.profiler import benchmark
from nvmath.linalg.advanced import matmul


def seconds(call):
    return float(np.median(benchmark(call, n_repeat=7, n_warmup=1).gpu_times))


def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    result = matmul(a_gpu, b_gpu)
    a_pinned, b_pinned, landing = map(cupyx.zeros_like_pinned, (a_cpu, b_cpu, result))
    a_pinned[...], b_pinned[...] = a_cpu, b_cpu
    a_new, b_new = cp.empty_like(a_gpu), cp.empty_like(b_gpu)
    costs = {
        "matmul_cpu_operands": seconds(lambda: matmul(a_cpu, b_cpu)),
        "matmul_gpu_operands": seconds(lambda: matmul(a_gpu, b_gpu)),
        "host_to_device": seconds(lambda: (a_new.set(a_pinned), b_new.set(b_pinned))),
        "device_to_host": seconds(lambda: result.get(out=landing)),
    }
    costs["transfer_estimate"] = costs["matmul_cpu_operands"] - costs["matmul_gpu_operands"]
    costs["transfer_measured"] = costs["host_to_device"] + costs["device_to_host"]
    return costs


def transfers_can_be_ignored(costs):
    return costs["transfer_measured"] < 0.05 * costs["matmul_gpu_operands"]
