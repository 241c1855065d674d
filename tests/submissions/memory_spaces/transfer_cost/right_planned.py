# A planned Matmul for the operands in GPU memory, and one loop timed as a whole.
# expect: passed
import time

import cupy as cp
from nvmath.linalg.advanced import Matmul, matmul


def per_call(call, repeats=10):
    call()
    call()
    cp.cuda.get_current_stream().synchronize()
    start = time.monotonic()
    for _ in range(repeats):
        call()
    cp.cuda.get_current_stream().synchronize()
    return (time.monotonic() - start) / repeats


def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    with Matmul(a_gpu, b_gpu) as planned:
        planned.plan()
        result = planned.execute()
        gpu = min(per_call(planned.execute) for _ in range(3))
    cpu = min(per_call(lambda: matmul(a_cpu, b_cpu)) for _ in range(2))
    up = min(per_call(lambda: (cp.asarray(b_cpu), cp.asarray(a_cpu))) for _ in range(2))
    down = min(per_call(lambda: result.get()) for _ in range(2))
    return {
        "matmul_cpu_operands": cpu,
        "matmul_gpu_operands": gpu,
        "transfer_estimate": cpu - gpu,
        "host_to_device": up,
        "device_to_host": down,
        "transfer_measured": up + down,
    }


def transfers_can_be_ignored(costs):
    return costs["transfer_measured"] * 20 < costs["matmul_gpu_operands"]
