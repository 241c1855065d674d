# The four measurements take turns in one loop; each stops the host's clock on an idle device.
# expect: passed
import time

import cupy as cp
from nvmath.linalg.advanced import matmul


def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    samples = {"cpu": [], "up": [], "gpu": [], "down": []}
    for _ in range(8):
        result = None
        for name in samples:
            cp.cuda.runtime.deviceSynchronize()
            start = time.perf_counter_ns()
            if name == "cpu":
                matmul(a_cpu, b_cpu)
            elif name == "up":
                a_new, b_new = cp.asarray(a_cpu), cp.asarray(b_cpu)
            elif name == "gpu":
                result = matmul(a_gpu, b_gpu)
            else:
                cp.asnumpy(result)
            cp.cuda.runtime.deviceSynchronize()
            samples[name].append((time.perf_counter_ns() - start) / 1e9)
    best = {name: min(times[2:]) for name, times in samples.items()}
    return {
        "matmul_cpu_operands": best["cpu"],
        "matmul_gpu_operands": best["gpu"],
        "transfer_estimate": best["cpu"] - best["gpu"],
        "host_to_device": best["up"],
        "device_to_host": best["down"],
        "transfer_measured": best["up"] + best["down"],
    }


def transfers_can_be_ignored(costs):
    return costs["host_to_device"] + costs["device_to_host"] < 0.3 * costs["matmul_gpu_operands"]
