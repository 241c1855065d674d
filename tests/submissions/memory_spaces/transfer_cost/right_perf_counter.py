# The host's clock, with the device idle at both readings.
# expect: passed
from statistics import median
from time import perf_counter

import cupy as cp
from nvmath.linalg.advanced import matmul


def timed(call, *operands):
    call(*operands)
    times = []
    for _ in range(5):
        cp.cuda.Device().synchronize()
        start = perf_counter()
        call(*operands)
        cp.cuda.Device().synchronize()
        times.append(perf_counter() - start)
    return median(times)


def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    with_cpu, with_gpu = timed(matmul, a_cpu, b_cpu), timed(matmul, a_gpu, b_gpu)
    product = matmul(a_gpu, b_gpu)
    down = timed(cp.asnumpy, product)
    up = timed(lambda: [cp.asarray(x) for x in (a_cpu, b_cpu)])
    return {
        "matmul_cpu_operands": with_cpu,
        "matmul_gpu_operands": with_gpu,
        "transfer_estimate": with_cpu - with_gpu,
        "host_to_device": up,
        "device_to_host": down,
        "transfer_measured": up + down,
    }


def transfers_can_be_ignored(costs):
    share = costs["transfer_measured"] / costs["matmul_cpu_operands"]
    return bool(share < 0.1)
