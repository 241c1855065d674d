# timeit on functions that wait for the stream themselves.
# expect: passed
import timeit

import cupy as cp
import numpy as np
from nvmath.linalg.advanced import matmul

stream = cp.cuda.get_current_stream()


def fastest(function):
    def whole():
        function()
        stream.synchronize()

    whole()
    return min(timeit.repeat(whole, number=1, repeat=6))


def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    place_a, place_b = cp.empty_like(a_gpu), cp.empty_like(b_gpu)
    any_result = cp.zeros((a_cpu.shape[0], b_cpu.shape[1]), dtype=a_cpu.dtype)

    def up():
        place_a.set(a_cpu)
        place_b.set(b_cpu)

    up_seconds = fastest(up)
    down_seconds = fastest(lambda: cp.asnumpy(any_result))
    gpu_seconds = fastest(lambda: matmul(a_gpu, b_gpu))
    cpu_seconds = fastest(lambda: matmul(a_cpu, b_cpu))
    values = [cpu_seconds, gpu_seconds, cpu_seconds - gpu_seconds]
    values += [up_seconds, down_seconds, up_seconds + down_seconds]
    keys = ["matmul_cpu_operands", "matmul_gpu_operands", "transfer_estimate"]
    keys += ["host_to_device", "device_to_host", "transfer_measured"]
    return dict(zip(keys, map(np.float64, values)))


def transfers_can_be_ignored(costs):
    return np.bool_(costs["matmul_cpu_operands"] < 1.1 * costs["matmul_gpu_operands"])
