"""Reference for transfer_cost: four benchmarks with one helper, and two estimates."""

from collections.abc import Callable

import cupy as cp
import numpy as np
from cupyx.profiler import benchmark
from nvmath.linalg.advanced import matmul

NEGLIGIBLE = 0.1


def measure(
    a_cpu: np.ndarray, b_cpu: np.ndarray, a_gpu: cp.ndarray, b_gpu: cp.ndarray
) -> dict[str, float]:
    """Measure a matrix product with and without transfers, and the transfers alone."""
    result_gpu = matmul(a_gpu, b_gpu)

    cpu_operands = seconds(lambda: matmul(a_cpu, b_cpu))
    gpu_operands = seconds(lambda: matmul(a_gpu, b_gpu))
    up = seconds(lambda: (cp.asarray(a_cpu), cp.asarray(b_cpu)))
    down = seconds(lambda: cp.asnumpy(result_gpu))

    return {
        "matmul_cpu_operands": cpu_operands,
        "matmul_gpu_operands": gpu_operands,
        "transfer_estimate": cpu_operands - gpu_operands,
        "host_to_device": up,
        "device_to_host": down,
        "transfer_measured": up + down,
    }


def transfers_can_be_ignored(costs: dict[str, float]) -> bool:
    """Decide whether the transfers are negligible beside the computation."""
    return costs["transfer_measured"] < NEGLIGIBLE * costs["matmul_gpu_operands"]


def seconds(call: Callable[[], object]) -> float:
    """Return the best time of ten calls, from an idle GPU to an idle GPU."""
    timing = benchmark(call, n_repeat=10, n_warmup=2)
    return float(np.min(timing.gpu_times))
