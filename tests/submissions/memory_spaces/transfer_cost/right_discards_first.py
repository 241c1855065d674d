# Times every round with a context manager, and throws the first two away.
# expect: passed
from contextlib import contextmanager
from time import perf_counter

import cupy as cp
import numpy as np
from nvmath.linalg.advanced import matmul


@contextmanager
def stopwatch(samples):
    cp.cuda.get_current_stream().synchronize()
    start = perf_counter()
    yield
    cp.cuda.get_current_stream().synchronize()
    samples.append(perf_counter() - start)


def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    samples = {name: [] for name in ("cpu", "gpu", "up", "down")}
    for _ in range(9):
        with stopwatch(samples["cpu"]):
            matmul(a_cpu, b_cpu)
        with stopwatch(samples["gpu"]):
            result = matmul(a_gpu, b_gpu)
        with stopwatch(samples["up"]):
            cp.asarray(a_cpu), cp.asarray(b_cpu)
        with stopwatch(samples["down"]):
            result.get()
    best = {name: float(np.median(times[2:])) for name, times in samples.items()}
    return {
        "matmul_cpu_operands": best["cpu"],
        "matmul_gpu_operands": best["gpu"],
        "transfer_estimate": best["cpu"] - best["gpu"],
        "host_to_device": best["up"],
        "device_to_host": best["down"],
        "transfer_measured": best["up"] + best["down"],
    }


def transfers_can_be_ignored(costs):
    return costs["transfer_measured"] < 0.1 * costs["matmul_gpu_operands"]
