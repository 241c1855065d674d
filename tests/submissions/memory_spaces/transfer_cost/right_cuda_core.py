# Times with events of cuda.core on a stream of its own.
# expect: passed
# devices: simulator
import cupy as cp
import numpy as np
from cuda.core import Device, EventOptions
from nvmath.linalg.advanced import matmul


def measure(a_cpu, b_cpu, a_gpu, b_gpu):
    device = Device()
    device.set_current()
    stream = device.create_stream()
    timed = EventOptions(timing_enabled=True)
    cp.cuda.Device().synchronize()

    def seconds(call):
        samples = []
        with cp.cuda.ExternalStream(int(stream.handle)):
            call()
            for _ in range(7):
                start = stream.record(options=timed)
                call()
                stop = stream.record(options=timed)
                stop.sync()
                samples.append((stop - start) * 1e-3)
        return float(np.median(samples))

    result = matmul(a_gpu, b_gpu)
    cp.cuda.Device().synchronize()
    costs = {
        "matmul_cpu_operands": seconds(lambda: matmul(a_cpu, b_cpu, stream=stream)),
        "matmul_gpu_operands": seconds(lambda: matmul(a_gpu, b_gpu)),
        "host_to_device": seconds(lambda: (cp.asarray(a_cpu), cp.asarray(b_cpu))),
        "device_to_host": seconds(lambda: cp.asnumpy(result)),
    }
    costs["transfer_estimate"] = costs["matmul_cpu_operands"] - costs["matmul_gpu_operands"]
    costs["transfer_measured"] = costs["host_to_device"] + costs["device_to_host"]
    return costs


def transfers_can_be_ignored(costs):
    return costs["transfer_measured"] < 0.1 * costs["matmul_gpu_operands"]
