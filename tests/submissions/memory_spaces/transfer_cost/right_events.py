# CUDA events around every repeat, and the operands copied up apart.
# expect: passed
import cupy as cp
import nvmath


def best_of(call, warm_ups=2, repeats=8):
    for _ in range(warm_ups):
        call()
    times = []
    for _ in range(repeats):
        start, stop = cp.cuda.Event(), cp.cuda.Event()
        start.record()
        call()
        stop.record()
        stop.synchronize()
        times.append(cp.cuda.get_elapsed_time(start, stop) / 1000)
    return min(times)


def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    product = nvmath.linalg.advanced.matmul
    down_first = product(a_gpu, b_gpu)
    down = best_of(lambda: down_first.get())
    up = best_of(lambda: cp.array(b_cpu)) + best_of(lambda: cp.array(a_cpu))
    on_gpu = best_of(lambda: product(a_gpu, b_gpu))
    on_cpu = best_of(lambda: product(a_cpu, b_cpu))
    return dict(
        matmul_cpu_operands=on_cpu,
        matmul_gpu_operands=on_gpu,
        transfer_estimate=on_cpu - on_gpu,
        host_to_device=up,
        device_to_host=down,
        transfer_measured=up + down,
    )


def transfers_can_be_ignored(costs):
    return costs["transfer_estimate"] / costs["matmul_gpu_operands"] < 0.2
