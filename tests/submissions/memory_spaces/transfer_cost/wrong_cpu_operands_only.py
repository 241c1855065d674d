# Times products of CPU operands alone, and makes the other figures up.
# expect: failed what_was_timed extra_copies; agreement wrong_value
# devices: simulator
import numpy as np
from cupyx.profiler import benchmark
from nvmath.linalg.advanced import matmul


def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    timing = benchmark(lambda: matmul(a_cpu, b_cpu), n_repeat=20, n_warmup=5)
    cpu = float(np.min(timing.gpu_times))
    gpu, up, down = 0.43 * cpu, 0.45 * cpu, 0.12 * cpu
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
