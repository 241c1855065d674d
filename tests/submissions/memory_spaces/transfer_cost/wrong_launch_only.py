# Stops the host's clock when Python is done, not when the GPU is.
# expect: failed what_was_timed wrong_value
# devices: simulator
import time

import cupy as cp
from nvmath.linalg.advanced import matmul


def seconds(call):
    call()
    cp.cuda.Device().synchronize()
    times = []
    for _ in range(8):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
        cp.cuda.Device().synchronize()
    return min(times)


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
