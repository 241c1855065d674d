# Runs the benchmarks for show and returns what they gave once.
# expect: failed agreement wrong_value

import cupy as cp
from cupyx.profiler import benchmark
from nvmath.linalg.advanced import matmul


def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    result = matmul(a_gpu, b_gpu)
    for call in (
        lambda: matmul(a_cpu, b_cpu),
        lambda: matmul(a_gpu, b_gpu),
        lambda: (cp.asarray(a_cpu), cp.asarray(b_cpu)),
        lambda: cp.asnumpy(result),
    ):
        benchmark(call, n_repeat=6, n_warmup=2)
    return {
        "matmul_cpu_operands": 1.874e-3,
        "matmul_gpu_operands": 0.808e-3,
        "transfer_estimate": 1.874e-3 - 0.808e-3,
        "host_to_device": 0.855e-3,
        "device_to_host": 0.212e-3,
        "transfer_measured": 0.855e-3 + 0.212e-3,
    }


def transfers_can_be_ignored(costs):
    return costs["transfer_measured"] < 0.05 * costs["matmul_gpu_operands"]
