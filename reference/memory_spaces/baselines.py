"""The memory_spaces exercises as they are usually written before the lesson.

A stopwatch that stops too early, arrays carried by hand, and a journey in every round.
"""

import math
import time
from collections.abc import Callable

import cupy as cp
import numpy as np
from nvmath.linalg.advanced import matmul


def measure_naively(
    a_cpu: np.ndarray, b_cpu: np.ndarray, a_gpu: cp.ndarray, b_gpu: cp.ndarray
) -> dict[str, float]:
    """Time the first call of each step, from its launch to its return."""
    cpu_operands = first_call(lambda: cp.asnumpy(cp.asarray(a_cpu) @ cp.asarray(b_cpu)))
    gpu_operands = first_call(lambda: a_gpu @ b_gpu)
    result_gpu = a_gpu @ b_gpu
    up = first_call(lambda: (cp.asarray(a_cpu), cp.asarray(b_cpu)))
    down = first_call(lambda: cp.asnumpy(result_gpu))
    return {
        "matmul_cpu_operands": cpu_operands,
        "matmul_gpu_operands": gpu_operands,
        "transfer_estimate": cpu_operands - gpu_operands,
        "host_to_device": up,
        "device_to_host": down,
        "transfer_measured": up + down,
    }


def first_call(call: Callable[[], object]) -> float:
    """Return how long Python was busy with one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def spectrum_on(x: np.ndarray | cp.ndarray, space: str) -> np.ndarray | cp.ndarray:
    """Transform where the name says, and carry the array there and back by hand."""
    if space == "cpu":
        here = np.fft.fft(cp.asnumpy(x)).astype(x.dtype)
        return cp.asarray(here) if isinstance(x, cp.ndarray) else here
    there = cp.fft.fft(cp.asarray(x))
    return there if isinstance(x, cp.ndarray) else cp.asnumpy(there)


def pipeline(a: np.ndarray, b: np.ndarray, rounds: int) -> np.ndarray:
    """Call the product with NumPy arrays in each round: every round travels."""
    x = a
    for _ in range(rounds):
        x = matmul(x, b) / math.sqrt(b.shape[0])
    return x.astype(a.dtype, copy=False)
